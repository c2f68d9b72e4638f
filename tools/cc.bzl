"""cc_library, cc_binary and cc_test of our packages: under a sanitizer they read precompiled headers (//tools/precompiled).

tools/build_rules/prelude_bazel puts them in place of Bazel's own in every package.
"""

# Simulations of many steps spend their time in these: worth optimising for AddressSanitizer.
_SIMULATED = ["storage", "server/broker", "server/group"]

_OURS = ["bench", "cli", "client", "server", "storage", "tests", "tools"]

_FLAGS = {
    "simulated": {"//tools/precompiled:asan": ["-O1"]},
    # What is looked for is in what they test.
    "tests": {"//tools/precompiled:asan": ["-fno-sanitize=undefined,fuzzer-no-link"]},
    "others": {},
}

def sanitizer_flags(kind, added = []):
    """Flags of the sources of a kind.

    Args:
      kind: "simulated", "tests" or "others"; sources of a kind share their precompiled headers.
      added: flags for each sanitizer beside those.

    Returns:
      a select(), empty where there is no sanitizer.
    """
    sanitizers = ["//tools/precompiled:asan", "//tools/precompiled:tsan"]
    flags = {sanitizer: _FLAGS[kind].get(sanitizer, []) + added for sanitizer in sanitizers}
    return select(dict(flags, **{"//conditions:default": []}))

def _is_below(package, directories):
    return any([(package + "/").startswith(directory + "/") for directory in directories])

def _kind(package):
    if _is_below(package, ["tests"]):
        return "tests"
    return "simulated" if _is_below(package, _SIMULATED) else "others"

def _compiled(rule, copts = [], deps = [], **kwargs):
    package = native.package_name()
    if _is_below(package, _OURS) and kwargs.get("srcs"):
        kind = _kind(package)
        headers = "//tools/precompiled:" + kind
        copts = copts + sanitizer_flags(kind, ["-include-pch", "$(BINDIR)/tools/precompiled/%s.pch" % kind])
        deps = deps + select({
            "//tools/precompiled:asan": [headers],
            "//tools/precompiled:tsan": [headers],
            "//conditions:default": [],
        })
    rule(copts = copts, deps = deps, **kwargs)

def cc_library(**kwargs):
    _compiled(native.cc_library, **kwargs)

def cc_binary(**kwargs):
    _compiled(native.cc_binary, **kwargs)

def cc_test(**kwargs):
    _compiled(native.cc_test, **kwargs)
