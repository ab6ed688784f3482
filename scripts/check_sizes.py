#!/usr/bin/python3
"""Checks that functions, files and modules stay small. Functions are found by their braces. A length is
the number of line ends between the opening and the closing one, as clang-tidy counts; a lambda is part of its function."""
import pathlib
import re
import statistics
import subprocess
import sys

LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 7
LONG_FUNCTION = 24  # of 90 % of all
LONGEST_FILE = 350
LARGEST_SHARE = 0.15  # of a module, in the lines of include/ and src/

HIDDEN = re.compile(  # comments and literals: their braces are none
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
INITIALIZERS = re.compile(r"\)[\w\s()]*:(?!:)(?P<list>.*)$", re.DOTALL)
TYPE = re.compile(r"^(template\s*<.*>\s*)?(\w+\s+)*(class|struct|union|enum)\b[^()]*$", re.DOTALL)


def without_hidden(text):
    """The same lines, without what only looks like code; preprocessor lines are empty."""
    text = HIDDEN.sub(lambda found: "\n" * found[0].count("\n"), text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: "\n" * found[0].count("\n"), text, flags=re.MULTILINE)


def kind_of(head):
    """What a brace opens, from the text since the statement's begin."""
    head = head.strip()
    if re.search(r"\bnamespace\b[\s\w:]*$", head) or head == 'extern':
        return "scope"
    if TYPE.match(head):
        return "scope"
    if "(" not in head:
        return "value"
    members = INITIALIZERS.search(head)
    if members and re.search(r"[\w>]$", members["list"]):
        return "value"  # of a member: the body is still to come
    return "function" if re.search(r"\)[^=()]*$|\}$", head) else "value"


def functions(text):
    """The first line and the number of lines of each function."""
    found, stack, begin, line = [], [], 0, 1
    code = without_hidden(text)
    for place, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            inside = any(kind == "function" for kind, _, _ in stack)
            kind = "block" if inside else kind_of(code[begin:place])
            stack.append((kind, line, begin))
            begin = place + 1
        elif char == "}":
            kind, first, head = stack.pop()
            if kind == "function":
                found.append((first, line - first))
            begin = head if kind == "value" else place + 1
        elif char == ";" and not (stack and stack[-1][0] == "value"):
            begin = place + 1
    return found


def listed_files(root, folders, suffixes):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders], cwd=root, check=True,
                           capture_output=True, text=True).stdout.split("\n")
    return [root / name for name in names if name.endswith(suffixes) and (root / name).is_file()]


def check_functions(root):
    lengths = []
    for path in listed_files(root, ("include", "src"), (".hpp", ".cpp")):
        for line, length in functions(path.read_text(encoding="utf-8")):
            lengths.append(length)
            if length > LONGEST_FUNCTION:
                yield f"{path.relative_to(root)}:{line}: a function of {length} lines, not {LONGEST_FUNCTION} at most"
    lengths.sort()
    median, long = statistics.median(lengths), lengths[int(0.9 * (len(lengths) - 1))]
    print(f"{len(lengths)} functions: median {median} lines, 90 % up to {long}, longest {lengths[-1]}")
    if median > MEDIAN_FUNCTION:
        yield f"the median function has {median} lines, not {MEDIAN_FUNCTION} at most"
    if long > LONG_FUNCTION:
        yield f"90 % of all functions have up to {long} lines, not {LONG_FUNCTION} at most"


def check_files(root):
    for path in listed_files(root, ("include", "src", "tests", "scripts", "perf"), (".hpp", ".cpp", ".py", ".sh", ".txt")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            yield f"{path.relative_to(root)}: {lines} lines, not {LONGEST_FILE} at most"


def check_modules(root):
    lines = {}
    for path in listed_files(root, ("include", "src"), (".hpp", ".cpp")):
        parts = path.relative_to(root).parts
        module = parts[2] if parts[0] == "include" else parts[1]
        lines[module] = lines.get(module, 0) + len(path.read_text(encoding="utf-8").splitlines())
    total = sum(lines.values())
    for module, count in sorted(lines.items()):
        if count > LARGEST_SHARE * total:
            yield f"module {module}: {count} of {total} lines, not {LARGEST_SHARE:.0%} at most"


def check_itself():
    """The braces that could be taken for others."""
    code = """struct A {
  A(int x) : a{x}, b(x) {
    f();
  }
  int g() const { return 1; }
  std::vector<int> values{1,
      2};
};
const auto kTable = make({{1, 2}});
int h(B b = {}) {  // {
  const auto inner = [&] {
    return "{";
  };
  return inner();
}
"""
    assert functions(code) == [(2, 2), (5, 0), (10, 5)], functions(code)


def main():
    check_itself()
    root = pathlib.Path(__file__).resolve().parent.parent
    complaints = [*check_functions(root), *check_files(root), *check_modules(root)]
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
