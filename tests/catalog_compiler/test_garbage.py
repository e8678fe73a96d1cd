"""Garbage collection is put off for a block, and no longer."""

from __future__ import annotations

import gc

import pytest

from catalog_compiler.garbage import collection_put_off


def test_nothing_is_collected_inside_the_block_alone():
    """Also where the block fails, and where one is in another."""

    def fail():
        with collection_put_off():
            with collection_put_off():
                pass
            assert not gc.isenabled()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off():
    """Someone else has a reason for that."""
    gc.disable()
    try:
        with collection_put_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
