"""Whether the check of ordered writes sees what it is there for."""

from __future__ import annotations

import pytest

from tools.harness.ordered import Found, moment_of, place_of, state_after


def whole(generation: int, devices: int = 1) -> Found:
    return {place: (seen, seen) for place, seen in state_after(generation, devices).items()}


@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("generation", [1, 5, 210, 211, 212, 1000, 4321])
def test_moments(generation: int, devices: int) -> None:
    assert moment_of(whole(generation, devices), devices) == generation


def test_a_piece_of_the_next_one_is_fine() -> None:
    found = whole(1000)
    before, _ = found[place_of(1001, 1)]
    found[place_of(1001, 1)] = (before, 1001)
    assert moment_of(found) == 1000


@pytest.mark.parametrize(("newest", "lost"), [(1000, 999), (1000, 900), (1000, 790), (100, 1), (100, 99)])
def test_one_that_is_lost_or_late_is_noticed(newest: int, lost: int) -> None:
    found = whole(newest)
    before = max(lost - 211, 0)
    found[place_of(lost, 1)] = (before, before)
    with pytest.raises(AssertionError, match="aren't of the moment"):
        moment_of(found)


def test_one_that_is_torn_in_between_is_noticed() -> None:
    found = whole(1000)
    found[place_of(900, 1)] = (900 - 211, 900)
    with pytest.raises(AssertionError, match="torn"):
        moment_of(found)


def test_two_devices_of_different_moments_are_noticed() -> None:
    one, other = whole(1000, 2), whole(1010, 2)
    mixed = {place: (one if place[0] == 0 else other)[place] for place in one}
    with pytest.raises(AssertionError, match="aren't of the moment"):
        moment_of(mixed, 2)
