"""The address of a Location, which one vendor has as a text and the other in parts.

Each is shown what it did not write, made of what the other one wrote. What comes back as it was
shown says nothing; who writes it anew has the last word.
"""

from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]
STREETS = ("street1", "street2", "street3", "street4")
PARTS = (*STREETS, "zip", "city", "state", "countrycode")
LONGEST = 255


def one_text(location: Mapping[str, Any]) -> str | None:
    """The address as one text."""
    if location.get("address"):
        return str(location["address"])
    held = {name: location.get(name) for name in PARTS}
    town = " ".join(filter(None, (held["zip"], held["city"])))
    streets = (held[name] for name in STREETS)
    return ", ".join(filter(None, (*streets, town, held["state"], held["countrycode"]))) or None


def in_parts(location: Mapping[str, Any]) -> Fields:
    """The parts of an address that was written as one text: its street is all of it."""
    if not location.get("address") or any(location.get(name) for name in STREETS):
        return {}
    return {"street1": ", ".join(str(location["address"]).splitlines())[:LONGEST]}


def written_as_text(said: Fields, location: Mapping[str, Any]) -> Fields:
    """What is said of a Location, without parts that a new text replaces."""
    if "address" not in said:
        return said
    if said["address"] == one_text(location):
        return {name: value for name, value in said.items() if name != "address"}
    return {name: None for name in PARTS if location.get(name)} | said


def written_in_parts(said: Fields, location: Mapping[str, Any]) -> Fields:
    """What is said of a Location, without a text that new streets replace."""
    shown = in_parts(location)
    new = {n: v for n, v in said.items() if n not in shown or shown[n] != v}
    text = location.get("address")
    if text and new.get("address", text) == text and any(new.get(name) for name in STREETS):
        new["address"] = None
    return new
