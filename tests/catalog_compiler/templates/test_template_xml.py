"""Values in an XML document that is given as text."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, render

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@given(st.text().filter(lambda text: not ILLEGAL.search(text)))
def test_any_legal_text_arrives_exactly(text):
    """In an element and in a quoted attribute, line breaks and tabs included."""
    document = ET.fromstring(
        render('<!-- < --><a b="{{fields.a}}">{{fields.a}}</a>', Scope(fields={"a": text}), Encoding.XML)
    )

    assert text == document.get("b")
    assert text == (document.text or "")


@pytest.mark.parametrize("value", ["\x00", "\x0b", "\uffff"])
def test_a_character_that_xml_cannot_hold_is_refused(value):
    """XML has no way to write these."""
    with pytest.raises(EncodingError, match=r"'fields\.a'"):
        render("<a>{{fields.a}}</a>", Scope(fields={"a": value}), Encoding.XML)


@pytest.mark.parametrize(
    "body",
    ["<{{fields.a}}/>", "<a {{fields.a}}/>", "<!-- {{fields.a}} -->", "<![CDATA[{{fields.a}}]]>", "<?p {{fields.a}}?>"],
)
def test_values_stand_in_text_and_attributes_alone(body):
    """Where entities mean nothing, a value could add structure."""
    with pytest.raises(EncodingError, match="put it in an element's text"):
        render(body, Scope(fields={"a": "x"}), Encoding.XML)
