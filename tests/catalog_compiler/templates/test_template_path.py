"""A value is one segment of a path, or is refused by name."""

import pytest

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, render

SAFE = ["orders", "a b", "a.b", "...", "\U0001f98a", "שלום", "${x}", "$(id)", "{{y}}", "a%2fb", "-rf", "~"]
SLASH = "the value of 'fields.x' has '/', and only one segment of a path can stand here"
CONTROL = "the value of 'fields.x' has a control character, and no path has one"
REFUSED = [
    ("../x", SLASH),
    ("/etc", SLASH),
    ("a\\b", "the value of 'fields.x' has '\\', and only one segment of a path can stand here"),
    ("a\0b", CONTROL),
    ("a\nb", CONTROL),
    ("..", "the value of 'fields.x' makes '..' of a path's segment, which leads elsewhere"),
    (".", "the value of 'fields.x' makes '.' of a path's segment, which leads elsewhere"),
]


def path(template, value, **env):
    return render(template, Scope(fields={"x": value}, env=env), Encoding.SEGMENT)


@pytest.mark.parametrize("value", SAFE)
def test_a_value_stands_as_it_is(value):
    """Alone, as a segment, and as a part of one."""
    assert value == path("{{fields.x}}", value)
    assert f"a/{value}/c" == path("a/{{fields.x}}/c", value)
    assert f"a/v-{value}" == path("a/v-{{fields.x}}", value)


@pytest.mark.parametrize(("value", "message"), REFUSED)
@pytest.mark.parametrize("template", ["{{fields.x}}", "a/{{fields.x}}", "a/{{fields.x}}/b"])
def test_what_leads_elsewhere_is_refused(template, value, message):
    """Wherever in the path it stands."""
    with pytest.raises(EncodingError) as caught:
        path(template, value)

    assert message == str(caught.value)


def test_values_together_make_no_upward_segment():
    """Each alone would be harmless."""
    with pytest.raises(EncodingError, match=r"'fields\.x' makes '\.\.' of a path's segment"):
        path("a/{{fields.x}}{{fields.x | lower}}/b", ".")


@pytest.mark.parametrize("value", [7, True, None, ["a/b"]])
def test_other_values_keep_their_type(value):
    """They are no text, and so no path."""
    assert value == path("{{fields.x}}", value)


def test_an_operators_value_may_hold_several_segments():
    """`env.*` is theirs."""
    assert "a/b/c" == path("{{env.P}}/c", "", P="a/b")
