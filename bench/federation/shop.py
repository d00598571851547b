"""The shop of the public federation benchmark's scenario, with invented contents of the same number and size.

Six users, nine products, eleven reviews. Every review is by the first user, and every user has written the first two
reviews: what the scenario's resolvers say, too, so that the answer repeats the same texts many times.
"""

from __future__ import annotations

import random
from typing import Any

WORDS = (
    "sturdy quiet gentle patient bright solid honest plain tidy calm kettle drawer hinge handle varnish thread cushion "
    "arrived after before without because although every morning evening week neighbour cousin guest bought returned"
).split()
NAMES = ("Ivy Thornbury", "Noor Castellan", "Rhys Penhallow", "Oona MacAvoy", "Tariq Belgrave", "Greta Soames")
GOODS = (
    ("Shelf", 899, 100, True),
    ("Bench", 1299, 1000, False),
    ("Ladle", 15, 20, False),
    ("Stool", 499, 100, False),
    ("Clock", 1299, 1000, True),
    ("Lamp", 6999, 300, True),
    ("Stove", 3999, 2000, True),
    ("Harmonium", 100_000, 6000, False),
    ("Chest", 9999, 800, True),
)
TEXTS = ((445, 1), (289, 1), (275, 1), (143, 1), (445, 2), (289, 2), (275, 2), (143, 2), (143, 3), (143, 4), (844, 4))
"""Length of each review's text and the product that it is about."""


def prose(seed: int, length: int) -> str:
    """Invented words, the same for the same seed."""
    chosen = random.Random(seed)
    text = " ".join(chosen.choice(WORDS) for _ in range(length // 4 + 2))
    return text[: length - 1].rstrip().ljust(length - 1, "s") + "."


Row = dict[str, Any]

USERS: list[Row] = [
    {"id": str(place), "name": name, "username": name.lower().replace(" ", ""), "birthday": 1_000_000_000 + place}
    for place, name in enumerate(NAMES, 1)
]
PRODUCTS: list[Row] = [
    {"upc": str(place), "name": name, "price": price, "weight": weight, "inStock": in_stock}
    for place, (name, price, weight, in_stock) in enumerate(GOODS, 1)
]
REVIEWS: list[Row] = [
    {"id": str(place), "body": prose(place, length), "upc": str(upc)} for place, (length, upc) in enumerate(TEXTS, 1)
]


def shipping(price: int | None, weight: int | None) -> int | None:
    """What it costs to send, from what the gateway says about the product: a wrong @requires shows."""
    if price is None or weight is None:
        return None
    return 0 if price > 1000 else weight // 2


def product_of(upc: str) -> Row | None:
    return next((row for row in PRODUCTS if row["upc"] == upc), None)


def user_of(identity: str) -> Row | None:
    return next((row for row in USERS if row["id"] == identity), None)


def review_of(identity: str) -> Row | None:
    return next((row for row in REVIEWS if row["id"] == identity), None)
