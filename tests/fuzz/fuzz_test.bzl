"""A fuzz target."""

def fuzz_test(name, deps):
    """The target of `<name>.cc`: a test that runs each file of `corpus/<name>` once; under `--config=asan` it is
    libFuzzer's, and goes on from there when asked to.

    Args:
      name: ends with _fuzz.
      deps: what the source needs beside fuzz.h.
    """
    native.cc_test(
        name = name,
        size = "small",
        srcs = [name + ".cc"],
        args = ["-runs=0", "tests/fuzz/corpus/" + name],
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
