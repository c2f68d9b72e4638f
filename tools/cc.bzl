"""cc_library, cc_binary and cc_test of our packages: optimised and under a sanitizer they read precompiled headers (//tools/precompiled).

tools/build_rules/prelude_bazel puts them in place of Bazel's own in every package.
"""

# Simulations of many steps spend their time in these: worth optimising for AddressSanitizer.
_SIMULATED = ["storage", "server/broker", "server/group"]

_OURS = ["bench", "cli", "client", "server", "storage", "tests", "tools"]

_ASAN = "//tools/precompiled:asan"
_TSAN = "//tools/precompiled:tsan"
_OPTIMISED = "//tools/precompiled:optimised"

_ASAN_FLAGS = {
    "simulated": ["-O1"],
    # What is looked for is in what they test.
    "tests": ["-fno-sanitize=undefined,fuzzer-no-link"],
    "others": [],
}

# GCC 12 finds overflows in its own std::string and std::vector, more of them once their headers are precompiled.
_GCC_FALSE_ALARMS = ["-Wno-array-bounds", "-Wno-stringop-overflow", "-Wno-stringop-overread"]

def flags(kind, clang = [], gcc = []):
    """Flags of the sources of a kind.

    Args:
      kind: "simulated", "tests" or "others"; sources of a kind share their precompiled headers.
      clang: flags beside those, for Clang, which compiles for the sanitizers.
      gcc: the same for GCC, where it optimises.

    Returns:
      a select().
    """
    return select({
        _ASAN: _ASAN_FLAGS[kind] + clang,
        _TSAN: clang,
        _OPTIMISED: gcc,
        "//conditions:default": [],
    })

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
        path = "$(BINDIR)/tools/precompiled/" + kind
        copts = copts + flags(
            kind,
            clang = ["-include-pch", path + ".pch"],
            gcc = ["-include", path + ".h"] + _GCC_FALSE_ALARMS,
        )
        deps = deps + select({
            _ASAN: [headers],
            _TSAN: [headers],
            _OPTIMISED: [headers],
            "//conditions:default": [],
        })
    rule(copts = copts, deps = deps, **kwargs)

def cc_library(**kwargs):
    _compiled(native.cc_library, **kwargs)

def cc_binary(**kwargs):
    _compiled(native.cc_binary, **kwargs)

def cc_test(**kwargs):
    _compiled(native.cc_test, **kwargs)
