"""Another corpus with labels beside a corpus of random_runs.py."""
import os

import h5py
import numpy

SHARE_OF_CASES = 0.15


def add_reference(case):
    """Of other class shares, other items and perhaps other classes; beside seeds or alone. Drawn apart from all else."""
    random = numpy.random.RandomState(case.seed + (3 << 20))
    if random.uniform() > SHARE_OF_CASES:
        return
    items = int(random.choice([1, 5, 60, 300]))
    names = [f"class{label}" for label in random.permutation(case.num_classes + 1)]  # one that the corpus has not
    truth = numpy.minimum(random.geometric(0.3, items) - 1, len(names) - 1)
    vectors = case.shape(random, truth, case.dim) * random.choice([0.1, 1, 1, 1])
    with h5py.File(os.path.join(case.directory, "there.h5"), "w") as file:
        file["embeddings"] = vectors.astype("f4")
        file["labels"] = numpy.where(random.uniform(size=items) < 0.8, truth, -1)
        file["classes"] = names
    case.settings["reference"] = {"files": os.path.join(case.directory, "there.h5"), "labels": "/labels",
                                  "items": random.choice([2, 50, 20000]), "weight": random.choice([0, 0, 0.3])}
    members = [name for name in case.settings if name.startswith("member.")]
    if not case.settings["corpus"].get("labels") and not case.settings["corpus"].get("seeds") and random.uniform() < 0.7:
        for name in members:
            del case.settings[name]
        case.settings["corpus"].pop("prototypes", None)
        case.settings["ensemble"]["prior"] = ["estimated", "uniform"][random.randint(2)]
        case.settings["ensemble"]["class_mass"] = "none"
    elif members:
        case.settings["member.taught"] = {"method": ["lda", "softmax_regression", "nearest_seed_vectors"][random.randint(3)]}
