"""Headers that nearly every source reads, parsed once: half of the time of a build under a sanitizer.

Only for Clang, and only under the sanitizers: what runs, and `./dev unit`, is compiled from what each file includes.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _precompiled_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".pch")
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        unsupported_features = ctx.disabled_features + ["module_maps"],
    )
    flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + ctx.attr.copts + ["-Xclang", "-fno-pch-timestamp", "-x", "c++-header"]
    for header in ctx.attr.headers:
        flags = flags + ["-include", header]
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        # The system's, and it holds next to nothing. One of ours would be looked for in the checkout that filled the cache.
        source_file = "/usr/include/stdc-predef.h",
        output_file = output.path,
        user_compile_flags = flags,
        use_pic = True,
    )
    ctx.actions.run(
        executable = toolchain.compiler_executable,
        arguments = cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = "c++-compile",
            variables = variables,
        ),
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = "c++-compile",
            variables = variables,
        ),
        inputs = toolchain.all_files,
        outputs = [output],
        mnemonic = "Precompile",
        progress_message = "Precompiling %{label}",
    )
    context = cc_common.create_compilation_context(headers = depset([output]))
    return [DefaultInfo(files = depset([output])), CcInfo(compilation_context = context)]

precompiled_headers = rule(
    implementation = _precompiled_impl,
    attrs = {
        "copts": attr.string_list(doc = "Flags of the sources that read it, as far as it must agree with them."),
        "headers": attr.string_list(doc = "What it holds, as written between the brackets of an #include."),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
