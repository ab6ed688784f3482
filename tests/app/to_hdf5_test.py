"""scripts/to_hdf5.py: the vectors of other programs' files come out as they went in, and what is wrong is one sentence."""
import contextlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import unittest

import h5py
import numpy

import kith_runner as kith

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import to_hdf5  # noqa: E402

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None
NEEDS_PYARROW = "pyarrow is not installed (no Debian package; python3 -m pip install pyarrow)"


def write_vecs(path, vectors):
    dims = numpy.full((len(vectors), 1), vectors.shape[1], "<i4")
    numpy.hstack([dims.view(numpy.uint8), vectors.view(numpy.uint8).reshape(len(vectors), -1)]).tofile(path)


def write_bin(path, vectors):
    with open(path, "wb") as file:
        file.write(numpy.array(vectors.shape, "<u4").tobytes() + vectors.tobytes())


def write_safetensors(path, **tensors):
    """tensors: a kind as the format calls it, and an array."""
    header, data = {"__metadata__": {"made": "by a test"}}, b""
    for name, (kind, array) in tensors.items():
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def write_h5ad(path, dense, names):
    """As AnnData 0.8 writes it: X in CSR form, an array in obsm, a categorical, a string column and the index."""
    rows, columns = numpy.nonzero(dense)
    with h5py.File(path, "w") as file:
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": dense.shape})
        x["data"], x["indices"] = dense[rows, columns], columns.astype(numpy.int32)
        x["indptr"] = numpy.searchsorted(rows, numpy.arange(len(dense) + 1)).astype(numpy.int32)
        file["obsm/X_pca"] = dense[:, :3].astype(numpy.float64)
        obs = file.create_group("obs")
        obs.attrs["_index"] = "cell"
        obs["cell"] = [f"cell {row}" for row in range(len(dense))]
        kinds = sorted(set(names.tolist()), reverse=True)
        obs["kind/categories"] = kinds
        obs["kind/codes"] = numpy.array([kinds.index(name) if row % 5 else -1 for row, name in enumerate(names)], numpy.int8)


class ToHdf5(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        self.blobs = kith.Blobs()
        self.vectors = self.blobs.vectors
        self.names = numpy.array(kith.NAMES)[self.blobs.truth]

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_lines(self, name, values):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.writelines(f"{value}\n" for value in values)
        return self.path(name)

    def convert(self, *arguments, status=0):
        """arguments: names in the directory, or options with their values as they are."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                to_hdf5.main([self.path(a) if "." in a else a for a in arguments])
            except SystemExit as end:
                ended = end.code
        self.assertEqual(ended, status, err.getvalue())
        return out.getvalue() if status == 0 else err.getvalue()

    def expect(self, vectors, *arguments):
        """The corpus made, which is then removed."""
        self.convert(*arguments, "corpus.h5")
        with h5py.File(self.path("corpus.h5")) as file:
            self.assertEqual(file["embeddings"].dtype, vectors.dtype)
            numpy.testing.assert_array_equal(file["embeddings"][...], vectors)
            columns = {name: file[name][...] for name in file if name != "embeddings"}
        os.remove(self.path("corpus.h5"))
        return columns

    def expect_sentence(self, words, *arguments):
        said = self.convert(*arguments, "corpus.h5", status=1)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn(words, said)
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith("corpus.h5")], [])

    def test_numpy(self):
        for dtype in ("f2", "f4", "f8", "u1", "i1", ">f4"):
            vectors = (self.vectors // 2).astype(dtype)
            numpy.save(self.path("a.npy"), vectors)
            self.expect(vectors.astype(vectors.dtype.newbyteorder("=")), "a.npy")
        numpy.save(self.path("a.npy"), numpy.asfortranarray(self.vectors))
        self.expect(self.vectors, "a.npy")
        numpy.savez(self.path("a.npz"), vectors=self.vectors, others=self.blobs.labels)
        self.expect(self.vectors, "a.npz")
        numpy.savez_compressed(self.path("a.npz"), a=self.vectors, b=-self.vectors)
        self.expect(-self.vectors, "a.npz", "--vectors", "b")
        self.expect(self.vectors.astype("u1"), "a.npz", "--vectors", "a", "--type", "u8")

    def test_benchmark_files(self):
        for suffix, dtype in (("fbin", "f4"), ("u8bin", "u1"), ("i8bin", "i1")):
            vectors = (self.vectors // 2).astype(dtype)
            write_bin(self.path("a." + suffix), vectors)
            self.expect(vectors, "a." + suffix)
        for suffix, dtype in (("fvecs", "f4"), ("bvecs", "u1")):
            write_vecs(self.path("a." + suffix), self.vectors.astype(dtype))
            self.expect(self.vectors.astype(dtype), "a." + suffix)
        write_vecs(self.path("a.ivecs"), self.vectors.astype("i4"))
        self.expect(self.vectors, "a.ivecs", "--type", "f32")
        self.expect_sentence("holds int32, expected f16, f32, f64, u8 or i8; --type f32 converts it", "a.ivecs")

    def test_safetensors(self):
        halves = (self.vectors.view("u4") >> 16).astype("u2")  # whole numbers to 255 are the same in bf16
        for kind, array in (("F32", self.vectors), ("F16", self.vectors.astype("f2")), ("U8", self.vectors.astype("u1"))):
            write_safetensors(self.path("a.safetensors"), bias=("F32", self.vectors[0]), vectors=(kind, array))
            self.expect(array, "a.safetensors")
        write_safetensors(self.path("a.safetensors"), a=("BF16", halves), b=("I64", self.vectors.astype("i8")))
        self.expect(self.vectors, "a.safetensors", "--vectors", "a")
        self.expect_sentence("holds i64, expected f32", "a.safetensors", "--vectors", "b")
        self.expect_sentence("--vectors must name one of its tensors: a, b", "a.safetensors")

    def test_anndata(self):
        dense = numpy.where(self.vectors > 150, self.vectors, 0)
        write_h5ad(self.path("a.h5ad"), dense, self.names)
        columns = self.expect(dense, "a.h5ad", "--labels", "kind", "--ids", "index")
        self.assertEqual([name.decode() for name in columns["classes"]], kith.NAMES)
        numpy.testing.assert_array_equal(columns["labels"], numpy.where(numpy.arange(900) % 5, self.blobs.truth, -1))
        self.assertEqual(columns["ids"][7], b"cell 7")
        self.expect(dense[:, :3].astype("f8"), "a.h5ad", "--vectors", "X_pca")
        self.expect_sentence("--labels type: " + self.path("a.h5ad") + " has no such column", "a.h5ad", "--labels", "type")

    def test_a_folder_in_several_files_for_the_program(self):
        """What is made from shards, with all columns, is a corpus."""
        os.mkdir(self.path("shards"))
        for part, rows in ((1, slice(0, 300)), (2, slice(300, 500)), (10, slice(500, None))):
            numpy.save(self.path(f"shards/part-{part}.npy"), self.vectors[rows])
        names = numpy.array([*kith.NAMES, ""])
        self.write_lines("labels.txt", names[self.blobs.labels])
        self.write_lines("gold.txt", names[self.blobs.gold])
        self.write_lines("text.txt", [f"übung {row}, {row}" for row in range(900)])
        numpy.save(self.path("ids.npy"), numpy.arange(900) * 3)
        said = self.convert(os.path.join(self.directory, "shards"), "--labels", self.path("labels.txt"), "--gold", "gold.txt",
                            "--text", "text.txt", "--ids", "ids.npy", "--rows-per-file", "350", "corpus.h5")
        self.assertEqual(sorted(name for name in os.listdir(self.directory) if name.endswith("h5")),
                         [f"corpus-{part}.h5" for part in range(3)])
        with h5py.File(self.path("corpus-2.h5")) as file:
            numpy.testing.assert_array_equal(file["embeddings"][...], self.vectors[700:])
            numpy.testing.assert_array_equal(file["labels"][...], self.blobs.labels[700:])
            numpy.testing.assert_array_equal(file["gold"][...], self.blobs.gold[700:])
            self.assertEqual((file["ids"][0], file["text"][0].decode()), (2100, "übung 700, 700"))
        with open(self.path("made.ini"), "w", encoding="utf-8") as file:
            file.write(f"[run]\ndirectory = {self.path('run')}\n{said}")
        done = kith.run(["check", "-c", self.path("made.ini")])
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("run/check.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["seeds"], int((self.blobs.labels >= 0).sum()))

    def test_numbers_as_labels(self):
        numpy.save(self.path("a.npy"), self.vectors)
        self.write_lines("labels.txt", self.blobs.labels)
        columns = self.expect(self.vectors, "a.npy", "--labels", "labels.txt")
        numpy.testing.assert_array_equal(columns["labels"], self.blobs.labels)
        self.assertNotIn("classes", columns)
        numpy.save(self.path("labels.npy"), numpy.where(self.blobs.labels < 0, numpy.nan, self.blobs.labels))
        self.write_lines("classes.txt", reversed(kith.NAMES))
        columns = self.expect(self.vectors, "a.npy", "--labels", "labels.npy", "--classes", "classes.txt")
        numpy.testing.assert_array_equal(columns["labels"], self.blobs.labels)
        self.assertEqual([name.decode() for name in columns["classes"]], kith.NAMES[::-1])
        self.write_lines("names.txt", self.names)
        columns = self.expect(self.vectors, "a.npy", "--labels", "names.txt", "--classes", "classes.txt")
        numpy.testing.assert_array_equal(columns["labels"], 3 - self.blobs.truth)

    def test_wrong_values_are_one_sentence(self):
        numpy.save(self.path("a.npy"), self.vectors)
        self.write_lines("short.txt", self.names[:-1])
        self.expect_sentence("short.txt: has 899 values for 900 vectors", "a.npy", "--labels", "short.txt")
        self.expect_sentence("short.txt: has 899 values for 900 vectors", "a.npy", "--text", "short.txt")
        numpy.save(self.path("float.npy"), numpy.linspace(0, 3, 900))
        self.expect_sentence("row 1: 0.0033", "a.npy", "--labels", "float.npy")
        self.expect_sentence("but another column of labels holds names", "a.npy", "--labels", "float.npy",
                             "--gold", self.write_lines("names.txt", self.names))
        self.write_lines("classes.txt", kith.NAMES[:3])
        self.expect_sentence("dog is none of the 3 classes", "a.npy", "--gold", "names.txt", "--classes", "classes.txt")
        self.expect_sentence("row 2: has no id", "a.npy", "--ids", self.write_lines("ids.txt", ["a", "b", "", *range(897)]))
        for value, words in ((numpy.nan, "value 4 is nan"), (-numpy.inf, "value 4 is -inf")):
            broken = self.vectors.copy()
            broken[77, 4] = value
            numpy.save(self.path("b.npy"), broken)
            self.expect_sentence("b.npy: row 77: " + words, "a.npy", "b.npy")
        numpy.save(self.path("b.npy"), self.vectors * 1e4)
        self.expect_sentence("value 0 is inf, as f16", "b.npy", "--type", "f16")
        self.expect_sentence("which u8 does not hold", "b.npy", "--type", "u8")

    def test_wrong_files_are_one_sentence(self):
        numpy.save(self.path("a.npy"), self.vectors)
        numpy.save(self.path("narrow.npy"), self.vectors[:, :5])
        numpy.save(self.path("bytes.npy"), self.vectors.astype("u1"))
        self.expect_sentence("holds vectors of 5 f32, those of", "a.npy", "narrow.npy")
        self.expect_sentence("holds vectors of 12 u8, those of", "a.npy", "bytes.npy")
        for array, words in ((self.vectors[:0], "has 0 rows"), (self.vectors[0], "has the shape 12"),
                             (self.vectors.astype("c8"), "holds complex64"), (numpy.array([["a"]], object), "Python objects")):
            numpy.save(self.path("b.npy"), array)
            self.expect_sentence(words, "b.npy")
        write_bin(self.path("b.fbin"), self.vectors)
        write_vecs(self.path("b.fvecs"), self.vectors)
        write_safetensors(self.path("b.safetensors"), a=("F32", self.vectors))
        write_h5ad(self.path("b.h5ad"), self.vectors, self.names)
        for name in ("a.npy", "b.fbin", "b.fvecs", "b.safetensors", "b.h5ad"):
            os.truncate(self.path(name), os.path.getsize(self.path(name)) - 7)
            self.expect_sentence("is cut off", name)
        for name in ("b.npy", "b.npz", "b.fbin", "b.fvecs", "b.safetensors", "b.h5ad"):
            with open(self.path(name), "wb") as file:
                file.write(b"no")
            self.expect_sentence(self.path(name), name)
        self.expect_sentence("b.txt: is of no format known here", self.write_lines("b.txt", ["1"]))
        self.expect_sentence("none.npy: no such file", "none.npy")

    def test_nothing_is_written_over(self):
        numpy.save(self.path("a.npy"), self.vectors)
        for name in ("corpus.h5", "corpus.h5.part"):
            self.write_lines(name, ["mine"])
            self.assertIn(f"{name}: is there already", self.convert("a.npy", "corpus.h5", status=1))
            with open(self.path(name), encoding="utf-8") as file:
                self.assertEqual(file.read(), "mine\n")
            os.remove(self.path(name))

    def test_a_full_disk_is_one_sentence(self):
        numpy.save(self.path("a.npy"), self.vectors)
        for limit in (10, 40_000):  # bytes: in the first block, and when the file is closed
            done = subprocess.run([sys.executable, to_hdf5.__file__, self.path("a.npy"), self.path("corpus.h5")], text=True,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn("corpus.h5: cannot be written: File too large", done.stderr)
            self.assertEqual(os.listdir(self.directory), ["a.npy"])

    @unittest.skipIf(HAS_PYARROW, "pyarrow is installed")
    def test_says_what_to_install(self):
        self.write_lines("a.parquet", ["PAR1"])
        self.expect_sentence("python3 -m pip install pyarrow", "a.parquet")

    @unittest.skipUnless(HAS_PYARROW, NEEDS_PYARROW)
    def test_tables(self):
        import pyarrow
        from pyarrow import feather, parquet
        table = pyarrow.table({"vector": list(self.vectors), "kind": self.names, "id": numpy.arange(900) * 2})
        parquet.write_table(table, self.path("a.parquet"), row_group_size=400)
        feather.write_feather(table, self.path("a.feather"), chunksize=250)
        for name in ("a.parquet", "a.feather"):
            columns = self.expect(self.vectors, name, "--gold", "kind", "--ids", "id", "--text", "kind")
            numpy.testing.assert_array_equal(columns["gold"], self.blobs.truth)
            numpy.testing.assert_array_equal(columns["ids"], numpy.arange(900) * 2)
            self.assertEqual(columns["text"][3].decode(), self.names[3])
        parquet.write_table(pyarrow.table({"v": [[1.0, 2.0], [3.0]]}), self.path("b.parquet"))
        self.expect_sentence("row 1 has a vector of 1 values, row 0 one of 2", "b.parquet")

    @unittest.skipUnless(HAS_PYARROW, NEEDS_PYARROW)
    def test_answers(self):
        import pyarrow
        from pyarrow import parquet
        moments = numpy.array(["2020-01-01", "2021-02-03T04:05:06.007"], "M8[ns]")
        table = pyarrow.table({"task": ["a,b", "c"], "worker": [1, 2], "label": ["ant", None], "at": moments})
        parquet.write_table(table, self.path("a.parquet"))
        self.convert("--answers", "a.parquet", "a.csv", "--columns", "task,worker,label,at")
        with open(self.path("a.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), 'item,annotator,label,time\n"a,b",1,ant,2020-01-01 00:00:00.000000000\n'
                                          'c,2,,2021-02-03 04:05:06.007000000\n')
        table = pyarrow.table({"row": [7, 8], "annotator": ["x", "y"], "label": [1.0, float("nan")]})
        parquet.write_table(table, self.path("b.parquet"))
        self.convert("--answers", "b.parquet", "b.csv")
        with open(self.path("b.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "row,annotator,label\n7,x,1\n8,y,\n")


if __name__ == "__main__":
    unittest.main()
