#!/usr/bin/python3
"""Checks the layers by the include lines: a module includes only modules below it, third parties only where they
belong, and nothing prints or touches MPI_COMM_WORLD but what may."""
import pathlib
import re
import sys

LAYERS = ["core", "comm", "io", "corpus", "distance", "cells", "knn", "graph", "calibrate", "heads", "propagate",
          "layout", "label_model", "qa", "ensemble", "review", "statistics", "report", "config", "run", "stages", "app"]
# Modules that must not see these although they stand below.
FORBIDDEN = {
    "graph": {"io", "corpus", "distance", "cells", "knn"},
    "heads": {"io", "corpus", "cells", "knn", "graph"},
    "propagate": {"io", "corpus", "distance", "cells", "knn"},
    "calibrate": set(LAYERS) - {"core", "calibrate"},
    "label_model": set(LAYERS) - {"core", "comm", "calibrate", "label_model"},
    "qa": {"io", "corpus", "distance", "cells", "knn", "graph", "propagate"},
    "ensemble": {"io", "corpus", "distance", "cells", "knn"},
    "statistics": {"graph", "distance"},
    "review": set(LAYERS) - {"core", "comm", "io", "corpus", "layout", "review"},
    "report": set(LAYERS) - {"core", "report"},
}
THIRD_PARTIES = {  # pattern of an include -> modules that may have it
    r"mpi\.h": {"comm", "graph"},
    r"hdf5\.h|H5": {"io"},
    r"faiss/": {"cells", "knn"},
    r"cblas\.h": {"knn", "heads"},
    r"hwy/": {"distance", "knn", "propagate"},
    r"boost/program_options": {"run"},
    r"boost/math": {"calibrate", "qa"},
    r"nlohmann/": {"io", "report", "review", "run"},
    r"xxhash": {"core"},
}
PRINTS = re.compile(r"std::cout|std::cerr|\bprintf\(|\bputs\(|fmt::print|\bfputs\(")
MAY_PRINT = {"core/log.cpp", "core/progress.cpp", "app/commands.cpp"}
MAY_SEE_WORLD = {"app/main.cpp", "comm/communicator.cpp"}


def files(root):
    for folder in ("include/kith", "src"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                yield path.relative_to(root / folder), path


def check_includes(module, text):
    for line in re.findall(r'#\s*include\s+[<"]([^>"]+)[>"]', text):
        parts = line.removeprefix("kith/").split("/")
        if len(parts) > 1 and parts[0] in LAYERS:
            other = parts[0]
            if LAYERS.index(other) > LAYERS.index(module) or other in FORBIDDEN.get(module, set()):
                yield f"{module} must not include {line}"
        for pattern, allowed in THIRD_PARTIES.items():
            if re.match(pattern, line) and module not in allowed:
                yield f"{module} must not include <{line}>"


def check_file(name, text):
    module = name.parts[0]
    yield from check_includes(module, text)
    code = re.sub(r"//.*", "", text)
    if PRINTS.search(code) and str(name) not in MAY_PRINT:
        yield "only the log, the progress bar and the commands print"
    if re.search(r"\bMPI_COMM_WORLD\b", code) and str(name) not in MAY_SEE_WORLD:
        yield "MPI_COMM_WORLD belongs to main.cpp and abort_job"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    complaints = [f"{path.relative_to(root)}: {complaint}" for name, path in files(root)
                  for complaint in check_file(name, path.read_text(encoding="utf-8"))]
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
