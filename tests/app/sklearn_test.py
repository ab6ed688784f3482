"""scikit-learn's LabelSpreading on our exported graph gives the distributions of our member."""
import os
import unittest

import h5py
import numpy
import scipy.sparse
from sklearn.semi_supervised import LabelSpreading

import kith_runner as kith


class Sklearn(unittest.TestCase):
    def test_label_spreading_on_the_exported_graph(self):
        alpha = 0.9
        with kith.temporary_directory() as directory:
            blobs = kith.Blobs(items=1200)
            blobs.vectors[600] = blobs.vectors[601] + 1  # no duplicates: every row is a node
            blobs.write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory, **{"member.spread": {
                "method": "spreading", "alpha": alpha, "max_sweeps": 2000, "tolerance": 1e-9}})
            self.assertEqual(kith.run(["run", "-c", config], 3).returncode, 0)
            graph = os.path.join(directory, "graph.h5")
            done = kith.run(["export", "-c", config, "--graph", graph], 2)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(graph) as file:
                parts = (file["affinity/data"][...], file["affinity/indices"][...],
                         file["affinity/indptr"][...])
                affinity = scipy.sparse.csr_matrix(parts, shape=(1200, 1200)).astype(float)
                neighbors, distances = file["neighbors"][...], file["distances"][...]
            with h5py.File(os.path.join(directory, "run", "propagation.h5")) as file:
                rows = file["rows"][...]
                scores = numpy.empty((1200, len(kith.NAMES)))
                scores[rows] = file["members/spread/scores"][...]

        self.assertEqual(abs(affinity - affinity.T).max(), 0)
        self.check_neighbors(blobs, neighbors, distances)
        model = LabelSpreading(kernel=lambda x, y: affinity, alpha=alpha, max_iter=3000, tol=1e-12)
        model.fit(blobs.vectors, blobs.labels)
        numpy.testing.assert_allclose(scores, model.label_distributions_, atol=1e-5)

    def check_neighbors(self, blobs, neighbors, distances):
        vectors = blobs.vectors.astype(numpy.float64)
        squared = ((vectors[:, None, :] - vectors[None, :, :]) ** 2).sum(axis=2)
        numpy.fill_diagonal(squared, numpy.inf)
        found = numpy.take_along_axis(squared, neighbors, axis=1)
        numpy.testing.assert_allclose(numpy.sqrt(found), distances, rtol=1e-6)
        exact = numpy.sort(squared, axis=1)[:, :neighbors.shape[1]]
        self.assertGreater((found <= exact[:, -1:]).mean(), 0.95)


if __name__ == "__main__":
    unittest.main()
