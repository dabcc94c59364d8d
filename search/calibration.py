"""How near is near? What an encoder gives for texts that have nothing to do with one another.

Encoders differ in where unrelated texts lie: about 0.03 for all-MiniLM-L6-v2, about 0.7 for models
of the E5 family. So the threshold is measured with the encoder itself, once for a collection.
"""

from __future__ import annotations

import numpy as np

from search.encoders.base import Encoder

#: Questions and statements on subjects that have nothing in common, each question answered by the
#: statement of the same row.
UNRELATED = (
    ("How long should pasta be boiled?", "Spaghetti is done after nine minutes in salted water."),
    ("When was the bridge opened to traffic?", "The first cars crossed the river in May 1932."),
    ("What does a red light on the router mean?", "A red lamp shows that the line is down."),
    ("Which vaccine does a puppy need first?", "At eight weeks dogs are protected from distemper."),
    ("How is the violin tuned?", "The four strings stand a fifth apart, from G to E."),
    ("Who pays for damage to a rented car?", "The hirer bears the first 800 euros of any repair."),
    ("Why do leaves turn red in autumn?", "Sugars trapped in the cooling leaf make pigments."),
    ("How do I merge two branches?", "Check out the target and merge the other one into it."),
    ("What is the interest on late taxes?", "Half a percent a month is charged on what is owed."),
    ("How deep is the lake?", "Soundings found no bottom above 190 metres near the dam."),
    ("Can I take the medicine with milk?", "Calcium binds the antibiotic in the stomach."),
    ("Who won the chess match?", "The challenger resigned after the forty-first move."),
)
#: How many standard deviations above the mean of unrelated pairs a cosine must lie to be near.
_DEVIATIONS = 2.0


def nearness_threshold(encoder: Encoder) -> float:
    """The least cosine at which a passage counts as near a query in meaning.

    The mean plus two standard deviations of the cosines of questions with statements on other
    subjects, which about one unrelated pair in forty exceeds. A higher bar would turn away true
    answers in quite other words, some of which lie at little more.

    Raises:
        EncoderError: The model failed.
    """
    questions = np.stack([encoder.encode_query(question) for question, _ in UNRELATED])
    statements = encoder.encode_passages([statement for _, statement in UNRELATED])
    cosines = questions @ statements.T
    unrelated = cosines[~np.eye(len(UNRELATED), dtype=bool)]
    return float(unrelated.mean() + _DEVIATIONS * unrelated.std())
