"""Generated C++ for .proto files, made with the system's protoc.

A .proto file is named by its path below an import root (`proto/` for ours, `third_party/googleapis/` for Google's), in
`import` statements and in `#include "leat/v1/log.pb.h"` alike. One that lies elsewhere is internal and named by its whole
path: `#include "server/broker/metadata.pb.h"`.
"""

_IMPORT_ROOTS = [
    "proto",
    "third_party/googleapis",
]

def _import_root():
    for root in _IMPORT_ROOTS:
        if (native.package_name() + "/").startswith(root + "/"):
            return root
    return "."

def _generate(name, srcs, deps, suffix, options):
    """Runs protoc over `srcs`; returns the headers and the sources it makes."""
    stems = [src[:-len(".proto")] + suffix for src in srcs]
    headers = [stem + ".h" for stem in stems]
    sources = [stem + ".cc" for stem in stems]
    native.genrule(
        name = name + "_generated",
        srcs = srcs + [dep + "_protos" for dep in deps],
        outs = headers + sources,
        cmd = " ".join(
            ["/usr/bin/protoc"] +
            ["-I" + root for root in (["."] if _import_root() == "." else _IMPORT_ROOTS)] +
            [option.format(out = "$(GENDIR)/" + _import_root()) for option in options] +
            ["$(location %s)" % src for src in srcs],
        ),
        message = "Generating C++ for",
    )
    return headers, sources

def _library(name, headers, sources, **kwargs):
    root = _import_root()
    native.cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        copts = ["-w"],
        strip_include_prefix = None if root == "." else "/" + root,
        **kwargs
    )

def leat_proto_library(name, srcs, deps = [], visibility = None):
    """Messages: a cc_library of `srcs`' .pb.h and .pb.cc.

    Args:
      name: the cc_library; `<name>_protos` holds the .proto files with all that they import.
      srcs: .proto files of this package.
      deps: leat_proto_library targets that `srcs` import, with an explicit target name.
      visibility: of both targets.
    """
    native.filegroup(
        name = name + "_protos",
        srcs = srcs + [dep + "_protos" for dep in deps],
        visibility = visibility,
    )
    headers, sources = _generate(name, srcs, deps, ".pb", ["--cpp_out={out}"])
    _library(
        name,
        headers,
        sources,
        deps = deps + ["//third_party:protobuf"],
        visibility = visibility,
    )

def leat_grpc_library(name, srcs, proto, visibility = None):
    """Services: a cc_library of `srcs`' .grpc.pb.h and .grpc.pb.cc.

    Args:
      name: the cc_library.
      srcs: .proto files of this package that declare services.
      proto: the leat_proto_library that holds `srcs`, with an explicit target name.
      visibility: of the library.
    """
    headers, sources = _generate(name, srcs, [proto], ".grpc.pb", [
        "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin",
        "--grpc_out={out}",
    ])
    _library(
        name,
        headers,
        sources,
        deps = [
            proto,
            "//third_party:grpc++",
        ],
        visibility = visibility,
    )
