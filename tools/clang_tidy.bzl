"""An aspect that runs clang-tidy over our C++ sources, each once until it or a header of it changes.

    bazel build --config=tidy //...
"""

_OURS = ["bench", "cli", "client", "server", "storage", "tools"]

def _is_ours(label):
    return label.workspace_name == "" and label.package.split("/")[0] in _OURS

def _flags(context):
    return (
        ["-xc++", "-std=c++20", "-Wall", "-Wextra", "-Wno-missing-field-initializers"] +
        ["-D" + define for define in context.defines.to_list()] +
        ["-iquote" + path for path in context.quote_includes.to_list()] +
        ["-I" + path for path in context.includes.to_list()] +
        ["-isystem" + path for path in context.system_includes.to_list()]
    )

def _check(ctx, source, context):
    result = ctx.actions.declare_file(source.basename + ".tidy", sibling = source)
    ctx.actions.run_shell(
        # Its standard error counts the warnings it did not show.
        command = """
            result=$1; shift
            if ! /usr/bin/clang-tidy-14 --quiet "$@" 2>"$result"; then cat "$result"; exit 1; fi
        """,
        arguments = [result.path, source.path, "--"] + _flags(context),
        inputs = depset([source, ctx.file._config], transitive = [context.headers]),
        outputs = [result],
        mnemonic = "ClangTidy",
        progress_message = "Checking " + source.short_path,
    )
    return result

def _clang_tidy_impl(target, ctx):
    if CcInfo not in target or not _is_ours(target.label) or not hasattr(ctx.rule.attr, "srcs"):
        return []
    context = target[CcInfo].compilation_context
    sources = [
        source
        for attribute in ctx.rule.attr.srcs
        for source in attribute.files.to_list()
        if source.extension == "cc" and source.is_source
    ]
    return [OutputGroupInfo(tidy = depset([_check(ctx, source, context) for source in sources]))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    attrs = {
        "_config": attr.label(
            default = "//:.clang-tidy",
            allow_single_file = True,
        ),
    },
)
