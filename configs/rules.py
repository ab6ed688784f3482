#!/usr/bin/python3
"""Rules over texts in place of labels: definitions of verbs from WordNet, with vectors and the votes of rules.

    apt install wordnet-base python3-sklearn python3-h5py
    python3 configs/rules.py verbs.h5

A rule is a regular expression and the class that it votes for; where it finds nothing it abstains. Replace RULES,
read_texts() and make_vectors() with your own: vectors of a language model are better than these. /gold, the truth, is
only there to show what the rules reach.
"""
import re
import sys

import h5py
import numpy
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

CLASSES = ["body", "change", "cognition", "communication", "competition", "consumption", "contact", "creation", "emotion",
           "motion", "perception", "possession", "social", "stative", "weather"]  # lexicographer files 29 to 43

RULES = {
    "hair or skin": ("body", r"\b(hair|skin|breath\w*|sleep|bodily|clothes|blood)\b"),
    "become": ("change", r"^(become|grow|get) \w+|\b(gradually|lose its)\b"),
    "make less or more": ("change", r"^(make|cause to become|render) (less|more|\w+er)\b"),
    "think": ("cognition", r"\b(think|mind|mentally|decide|believe|judgment|understand|consider)\b"),
    "say": ("communication", r"\b(say|speak|talk|utter|words|state|tell|announce|express\w*)\b"),
    "win or fight": ("competition", r"\b(win|fight|battle|opponent|game|race|compete|enemy|war)\b"),
    "eat and drink": ("consumption", r"\b(eat|drink|food|meal|feed|drug|alcohol)\b"),
    "hit or hold": ("contact", r"\b(hit|strike|touch|grasp|fasten|cover with|knife|rub|tie|attach)\b"),
    "make by": ("creation", r"^(make|create|produce|build|write|draw|compose|paint) .*\b(by|from|out of|music|art)\b"),
    "feel": ("emotion", r"\b(feel|feeling|emotion\w*|love|fear|anger|joy|upset|sad|pleasure)\b"),
    "go": ("motion", r"\b(move|travel|walk|run|fly|go|motion|rise|fall)\b"),
    "see and hear": ("perception", r"\b(see|look|hear|sound|smell|taste|visible|light|appear)\b"),
    "give": ("possession", r"\b(give|buy|sell|pay|money|own|receive|obtain|possession|property)\b"),
    "law and office": ("social", r"\b(law|office|court|people|group|marry|social|authority|government|power)\b"),
    "be": ("stative", r"^(be|have|exist|remain|stay|consist) "),
    "rain": ("weather", r"\b(rain|snow|wind|blow|storm|weather|sun)\b"),
}


def read_texts(path="/usr/share/wordnet/data.verb"):
    """Definitions without their examples, and the classes of their verbs."""
    texts, gold = [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("  "):  # the license
                texts.append(line.split("| ", 1)[1].split('; "')[0].strip())
                gold.append(int(line.split(" ", 2)[1]) - 29)
    return texts, numpy.array(gold, numpy.int32)


def make_vectors(texts, dimensions=200):
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=3).fit_transform(texts)
    return normalize(TruncatedSVD(dimensions, random_state=0).fit_transform(words)).astype(numpy.float32)


def vote(texts):
    votes = numpy.full((len(texts), len(RULES)), -1, numpy.int16)
    for rule, (label, pattern) in enumerate(RULES.values()):
        finds = re.compile(pattern).search
        votes[[finds(text) is not None for text in texts], rule] = CLASSES.index(label)
    return votes


def main(path):
    texts, gold = read_texts()
    vectors = make_vectors(texts)
    known = numpy.flatnonzero(vectors.any(1))  # texts without a word that others have too have no direction
    texts, gold = [texts[row] for row in known], gold[known]
    with h5py.File(path, "w") as file:
        file["embeddings"] = vectors[known]
        file["votes"] = vote(texts)
        file["votes"].attrs["names"] = list(RULES)
        file["classes"] = CLASSES
        file["gold"] = gold
        file["text"] = texts


if __name__ == "__main__":
    main(*sys.argv[1:] or ["verbs.h5"])
