"""What differs between two JSON values, path by path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.differences import differences
from domain.values import same

Paths = dict[str, tuple[Any, Any]]


def paths(before: Any, after: Any) -> Paths:
    return {d.path: (d.before, d.after) for d in differences(before, after)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"name": "A"}, {"name": "B"}, {"name": ("A", "B")}),
        ({"name": "A", "info": "i"}, {"name": "A", "info": "i"}, {}),
        ({}, {"name": "A"}, {"name": (None, "A")}),
        ({"name": "A"}, {}, {"name": ("A", None)}),
        ({"name": None}, {}, {}),
        ({"public": True}, {"public": 1}, {"public": (True, 1)}),
        (
            {"layout": {"color": "#000000", "maxImage": True}},
            {"layout": {"color": "#FFFFFF", "maxImage": True}},
            {"layout.color": ("#000000", "#FFFFFF")},
        ),
        ({"layout": {}}, {"layout": {"maxImage": True}}, {"layout.maxImage": (None, True)}),
        ({"layout": None}, {"layout": {"a": 1}}, {"layout": (None, {"a": 1})}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {"tags": (["a", "b"], ["b", "a"])}),
        ({"tags": []}, {"tags": ["a"]}, {"tags": ([], ["a"])}),
        (
            {"dates": {"5": {"start": 1, "end": 2}}},
            {"dates": {"5": {"start": 1, "end": 3}}},
            {"dates.5.end": (2, 3)},
        ),
    ],
)
def test_only_the_paths_that_differ_are_given(before: Any, after: Any, expected: Paths) -> None:
    assert paths(before, after) == expected


@pytest.mark.parametrize("name", ["id", "tickettypeid", "saleschannelid"])
def test_things_in_a_list_are_told_apart_by_their_ids(name: str) -> None:
    before = {"list": [{name: 98, "amount": 100}, {name: 99, "amount": 5}]}
    after = {"list": [{name: 98, "amount": 90}, {name: 100, "amount": 1}]}

    assert paths(before, after) == {
        "list.98.amount": (100, 90),
        "list.99": ({name: 99, "amount": 5}, None),
        "list.100": (None, {name: 100, "amount": 1}),
    }


def test_things_in_another_order_differ_as_a_whole() -> None:
    one, other = [{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 1}]

    assert paths({"list": one}, {"list": other}) == {"list": (one, other)}


def test_a_change_of_one_does_not_hide_that_all_have_moved() -> None:
    one, other = [{"id": 1, "a": 1}, {"id": 2}], [{"id": 2}, {"id": 1, "a": 2}]

    assert paths({"list": one}, {"list": other}) == {"list": (one, other)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([{"id": {"any": 1}}], [{"id": [1]}]),
        ([{"id": 1}, {"id": "1", "a": 1}], [{"id": 1, "a": 2}, {"id": "1", "a": 1}]),
        ({"1": {"id": 1}}, [{"id": 1}]),
        ({}, []),
        ({"a": None}, {}),
        ([{"id": 1}, {"id": 1}], [{"id": 1}]),
        ([{"id": None}], [{"id": None, "a": 1}]),
    ],
)
def test_custom_fields_that_look_like_lists_of_things_are_compared_as_a_whole(
    one: Any, other: Any
) -> None:
    assert paths({"c_a": one}, {"c_a": other}) == {"c_a": (one, other)}


keys = st.sampled_from(["id", "a", "1"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner),
    max_leaves=8,
)
documents = st.dictionaries(keys, values)


@given(documents, documents)
def test_nothing_differs_only_between_what_is_the_same(one: Any, other: Any) -> None:
    present = [{n: v for n, v in d.items() if v is not None} for d in (one, other)]

    assert (not paths(one, other)) == same(*present)
