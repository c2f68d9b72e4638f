"""Headers that nearly every source reads, parsed once: a third and more of the time of a build.

`./dev unit` and `./dev tidy` do without: they compile each file from what it includes.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _precompiled_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    clang = toolchain.compiler == "clang"

    # GCC finds the one beside the other, and reads the header itself where it cannot use what is precompiled.
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    output = ctx.actions.declare_file(ctx.label.name + (".pch" if clang else ".h.gch"))
    ctx.actions.write(header, "".join(["#include <%s>\n" % name for name in ctx.attr.headers]))
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        unsupported_features = ctx.disabled_features + ["module_maps"],
    )
    flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + ctx.attr.copts + ["-x", "c++-header"]
    flags += ["-Xclang", "-fno-pch-timestamp"] if clang else []
    for name in ctx.attr.headers:
        flags += ["-include", name]
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        # The system's, and it holds next to nothing. One of ours would be looked for in the checkout that filled the cache.
        source_file = "/usr/include/stdc-predef.h",
        output_file = output.path,
        user_compile_flags = flags,
        # As Bazel compiles unoptimised and optimised sources of programs.
        use_pic = ctx.var["COMPILATION_MODE"] != "opt",
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
        progress_message = "Precompiling %s" % ctx.label,
    )
    context = cc_common.create_compilation_context(headers = depset([header, output]))
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
