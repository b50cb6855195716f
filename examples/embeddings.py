"""Embeddings: vectors in a table, read without a copy, and searched for the nearest by one multiplication.

    python examples/embeddings.py

Vectors lie in blocks of some thousand, so that a search multiplies whole matrices that it reads from the map directly.
What makes a vector of a text is another matter; here it is a hash of its words, so that nothing has to be downloaded.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

import zlmdb

DIMENSIONS = 64
BLOCK = 1000
WORDS = ("the", "cat", "dog", "bird", "sat", "flew", "slept", "on", "over", "under", "mat", "tree", "house", "small")


@dataclass
class Document:
    """A text, and where its vector lies."""

    number: int
    text: str


@zlmdb.table("50b13c94-af8d-4d51-9f90-c27e6d418f01", pk="number")
class Documents(zlmdb.MapOidJson[Document]):
    """Texts by number."""


@zlmdb.table("50b13c94-af8d-4d51-9f90-c27e6d418f02")
class Blocks(zlmdb.MapOidNumpy):
    """Matrices by the number of their first document: row i belongs to document first + i."""


class Library(zlmdb.Schema):
    """Texts and their vectors."""

    documents: Documents
    blocks: Blocks


def embed(text: str) -> np.ndarray:
    """A vector of length 1: the sum of a direction for each word."""
    vector = np.zeros(DIMENSIONS, np.float32)
    for word in text.lower().split():
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        vector += np.random.default_rng(seed).standard_normal(DIMENSIONS, np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def add(db: zlmdb.Database, texts: Iterable[str]) -> int:
    """Store texts with their vectors: how many there were."""
    texts, done = iter(texts), 0
    while batch := list(islice(texts, BLOCK)):
        with db.begin(write=True) as txn:
            documents, blocks = txn[Documents], txn[Blocks]
            last = documents.last()
            first = 0 if last is None else last[0] + 1
            documents.load((Document(first + n, text) for n, text in enumerate(batch)), sorted=True)
            vectors = np.stack([embed(text) for text in batch])
            # A block that is not full yet is filled up first, so that there are few.
            begin, start = first, 0
            newest = blocks.last()
            if newest is not None and len(newest[1]) < BLOCK:
                begin, known = newest
                start = BLOCK - len(known)
                blocks[begin] = np.concatenate([known, vectors[:start]])
                begin = first + start
            if start < len(batch):
                blocks[begin] = vectors[start:]
        done += len(batch)
    return done


def nearest(db: zlmdb.Database, text: str, most: int = 5) -> list[tuple[float, str]]:
    """The texts whose vectors point most nearly in the direction of a text's: (cosine, text), the nearest first."""
    query = embed(text)
    best: list[tuple[float, int]] = []
    with db.begin(buffers=True) as txn:  # the matrices are views of the file: nothing of them is copied
        for first, block in txn[Blocks].items():
            scores = block @ query
            top = np.argpartition(scores, -min(most, len(scores)))[-most:]
            best = sorted([*best, *((float(scores[i]), first + int(i)) for i in top)], reverse=True)[:most]
        documents = txn[Documents]
        return [(score, documents[number].text) for score, number in best]


def brute_force(texts: Sequence[str], text: str, most: int = 5) -> list[tuple[float, str]]:
    """The same without a database."""
    query = embed(text)
    found = sorted(((float(embed(one) @ query), number) for number, one in enumerate(texts)), reverse=True)
    return [(score, texts[number]) for score, number in found[:most]]


def sentences(number: int) -> Iterator[str]:
    """Some sentences, always the same."""
    rng = np.random.default_rng(7)
    for _ in range(number):
        yield " ".join(rng.choice(WORDS, 6))


def run(path: Path, number: int = 2500) -> list[tuple[float, str]]:
    """Store sentences, and find those nearest to one."""
    texts = list(sentences(number))
    with zlmdb.open(path, Library) as db:
        add(db, texts[:1700])
        add(db, texts[1700:])
        found = nearest(db, "the small cat slept under the tree")
        with db.begin() as txn:
            print(len(txn[Documents]), "texts in", len(txn[Blocks]), "blocks")
    print("nearest to: the small cat slept under the tree")
    for score, text in found:
        print(f"{score:.3f}  {text}")
    return found


def main() -> None:
    """Run on a database that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "library.zdb")


if __name__ == "__main__":
    main()
