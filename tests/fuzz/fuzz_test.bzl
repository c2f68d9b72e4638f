"""A fuzz target."""

def fuzz_test(name, deps):
    """The target of `<name>.cc`: libFuzzer's under `--config=fuzz`, else a test that runs each file of `corpus/<name>` once.

    Args:
      name: ends with _fuzz.
      deps: what the source needs beside fuzz.h.
    """
    native.cc_test(
        name = name,
        size = "small",
        srcs = [name + ".cc"],
        args = ["tests/fuzz/corpus/" + name],
        data = native.glob(["corpus/%s/*" % name]),
        linkopts = select({
            "//tests/fuzz:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + ["//tests/fuzz:fuzz"] + select({
            "//tests/fuzz:libfuzzer": [],
            "//conditions:default": ["//tests/fuzz:corpus_main"],
        }),
    )
