"""Random changes of files, and a manifest that agrees with them."""
import ctypes
import ctypes.util
import json
import os
import re
import shutil

import h5py
import numpy

NASTY_NUMBERS = [0, -1, 1, 2, 77, 255, 2**31 - 1, -2**31, 2**31, 2**32 - 1, 2**40, 2**62, -2**62, 2**63 - 1]
NASTY_FLOATS = [numpy.nan, numpy.inf, -numpy.inf, -1.0, 0.0, 1e-38, 1e38, 2.0, -0.0, 1e300]
NASTY_JSON = [None, True, [], {}, [1], {"a": 1}, "", "x", 0, -1, 5, 2**63, 1.5, 1e300, [[[[]]]], "é\u0000", "x" * 5000]
NASTY_TEXT = ["", "-1", "0", "nan", "inf", "1e400", "99999999999999999999", "x", "1,2", "#", ";", "'", '"', "[", "]", "=", "\t",
              "é", "../x", "/dev/zero", "run", "*", "0x10", "1e-400", "yes", "cosine", "5", "1e9", " "]


def files_below(directory):
    return sorted(os.path.relpath(os.path.join(folder, name), directory)
                  for folder, _, names in os.walk(directory) for name in names)


class Mutator:
    """Changes one file, or a few, by the numbers of one seed; `did` says what was done."""

    def __init__(self, random):
        self.random = random
        self.did = []

    def pick(self, values):
        return values[self.random.randint(len(values))]

    def bytes(self, path):
        with open(path, "rb") as file:
            data = bytearray(file.read())
        how = self.pick(["flip", "flips", "zero", "cut", "grow", "noise", "empty"])
        at = self.random.randint(max(1, len(data)))
        if how == "flip" and data:
            data[at] ^= 1 << self.random.randint(8)
        elif how == "flips":
            for place in self.random.randint(0, max(1, len(data)), 20):
                if data:
                    data[place] = self.random.randint(256)
        elif how == "zero":
            data[at:at + 512] = bytes(len(data[at:at + 512]))
        elif how == "cut":
            del data[at:]
        elif how == "grow":
            data += bytes(self.random.randint(0, 256, 100).astype(numpy.uint8))
        elif how == "noise":
            data[at:at + 64] = bytes(self.random.randint(0, 256, len(data[at:at + 64])).astype(numpy.uint8))
        elif how == "empty":
            data = b""
        with open(path, "wb") as file:
            file.write(data)
        self.did.append(f"{how} {path}")

    def place(self, path, other, may_pipe=True):
        """The name is another thing than a file, or another file. other: the same file of another run."""
        how = self.pick(["gone", "directory", "dangling", "pipe" if may_pipe else "gone", "other", "link to other", "text"])
        os.remove(path)
        if how == "directory":
            os.mkdir(path)
        elif how == "dangling":
            os.symlink("/nowhere/at/all", path)
        elif how == "pipe":
            os.mkfifo(path)
        elif how == "text":
            with open(path, "w", encoding="utf-8") as file:
                file.write("mine\n")
        elif how == "other" and os.path.exists(other):
            shutil.copy(other, path)
        elif how == "link to other":
            os.symlink(other, path)
        self.did.append(f"{how} {path}")

    def nasty(self, dtype):
        if dtype.kind == "f":
            with numpy.errstate(over="ignore"):
                return numpy.float64(self.pick(NASTY_FLOATS)).astype(dtype)
        if dtype.kind in "iu":
            value = self.pick(NASTY_NUMBERS)
            info = numpy.iinfo(dtype)
            return numpy.array(min(max(value, info.min), info.max)).astype(dtype)
        return b"x"

    def hdf5(self, path):
        with h5py.File(path, "r+") as file:
            names = []
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            name = self.pick(sorted(names))
            other = self.pick(sorted(names))
            how = self.pick(["value", "value", "value", "values", "type", "shape", "gone", "swap", "attribute", "group"])
            data = file[name][()]
            attributes = dict(file[name].attrs)
            if how in ("value", "values") and data.size:
                flat = data.reshape(-1)
                count = 1 if how == "value" else max(1, flat.size // 3)
                flat[self.random.randint(0, flat.size, count)] = self.nasty(data.dtype)
                file[name][...] = data
            elif how == "type":
                kind = self.pick(["f4", "f8", "i1", "i8", "u8", "S3", "vlen"])
                del file[name]
                with numpy.errstate(all="ignore"):
                    file[name] = [str(x) for x in data.reshape(-1)] if kind == "vlen" else \
                        data.astype(kind) if data.dtype.kind in "fiu" else data.astype("S3")
            elif how == "shape":
                del file[name]
                shape = self.pick(["more", "fewer", "flat", "column", "scalar", "none", "vast"])
                if shape == "vast":
                    file.create_dataset(name, shape=(2**40,) + data.shape[1:], dtype=data.dtype,
                                        chunks=(1024,) + data.shape[1:])
                else:
                    file[name] = {"more": numpy.concatenate([data, data[:1]]), "fewer": data[:-1], "flat": data.reshape(-1),
                                  "column": data.reshape(-1, 1), "scalar": data.reshape(-1)[0] if data.size else 0,
                                  "none": data[:0]}[shape]
                how += " " + shape
            elif how == "gone":
                del file[name]
            elif how == "swap" and other != name:
                file.move(name, "swapped")
                file.move(other, name)
                file.move("swapped", other)
            elif how == "attribute" and attributes:
                key = self.pick(sorted(attributes))
                file[name].attrs[key] = self.pick([5, -1, 2**40, numpy.nan, "x", [1, 2], ["a", "a"]])
            elif how == "group":
                del file[name]
                file.create_group(name)
        self.did.append(f"{how} {path}:{name}")

    def json(self, path):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if self.random.randint(5) == 0:
            text = json.dumps(document, indent=2)
            at = self.random.randint(len(text))
            text = text[:at] + self.pick(["[" * 100000, "1e400", "\udcff", "{", ",", '"', "null", "\x00"]) + text[at + 1:]
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            self.did.append(f"text {path} at {at}")
            return
        node, key, way = None, None, []
        inside = document
        while isinstance(inside, (dict, list)) and inside:
            node, key = inside, (self.pick(sorted(inside)) if isinstance(inside, dict) else self.random.randint(len(inside)))
            way.append(str(key))
            inside = inside[key]
            if self.random.randint(4) == 0:
                break
        if node is None or self.random.randint(12) == 0:
            document = self.pick(NASTY_JSON)
        elif self.random.randint(4) == 0:
            del node[key]
        else:
            node[key] = self.pick(NASTY_JSON)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
        self.did.append(f"json {path} {'/'.join(way)}")

    def text(self, path):
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
        at = self.random.randint(len(lines))
        word = self.pick(NASTY_TEXT).encode()
        how = self.pick(["double", "drop", "word", "word", "value", "value", "bom", "crlf", "cr", "utf16", "nul", "long", "latin1"])
        if how == "double":
            lines.insert(at, lines[at])
        elif how == "drop":
            del lines[at]
        elif how == "word":
            lines[at] += word
        elif how == "value":
            lines[at] = re.sub(rb"[=,][^=,]*$", lambda found: found.group(0)[:1] + b" " + word, lines[at])
        elif how == "long":
            lines[at] += b"y" * 100000
        elif how == "nul":
            lines[at] += b"\0\x01\x1b"
        elif how == "latin1":
            lines[at] += b"\xe9"
        data = (b"\r\n" if how == "crlf" else b"\r" if how == "cr" else b"\n").join(lines)
        if how == "bom":
            data = b"\xef\xbb\xbf" + data
        elif how == "utf16":
            data = data.decode("utf-8", "replace").encode("utf-16")
        with open(path, "wb") as file:
            file.write(data)
        self.did.append(f"{how} {path} line {at} {word!r}")


def recorded_hash(path):
    """A file's hash as a manifest has it; None if XXH3 is not at hand."""
    library = ctypes.util.find_library("xxhash")
    if library is None:
        return None

    class Hash(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
    xxhash = ctypes.CDLL(library).XXH3_128bits
    xxhash.restype = Hash
    xxhash.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    with open(path, "rb") as file:
        data = file.read()
    part = xxhash(data, len(data))
    whole = xxhash(bytes(part), 16)
    return f"{whole.high:016x}{whole.low:016x}"


def record_as_it_is(run):
    """Makes the manifest agree with changed files: then only what the program says of values is between them and a crash."""
    path = os.path.join(run, "manifest.json")
    if not os.path.isfile(path):  # a pipe would be waited for
        raise OSError(path)
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    for line in manifest["stages"].values():
        line.pop("made_from", None)
        for name, recorded in line["files"].items():
            file = os.path.join(run, name)
            if os.path.isfile(file):
                recorded["bytes"] = os.path.getsize(file)
                recorded["hash"] = recorded_hash(file) or recorded["hash"]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2)
