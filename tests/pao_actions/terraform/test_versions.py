"""Version constraints mean what they mean in Terraform."""

import pytest
from pao_actions.terraform.versions import VersionError, allows


@pytest.mark.parametrize(
    ("constraint", "version", "allowed"),
    [
        ("1.11.4", "1.11.4", True),
        ("= 1.11.4", "1.11.5", False),
        (">= 1.8, < 2", "1.11.4", True),
        (">= 1.8, < 1.11", "1.11.0", False),
        ("~> 1.8", "1.11.4", True),
        ("~> 1.8", "2.0.0", False),
        ("~> 1.8.2", "1.8.9", True),
        ("~> 1.8.2", "1.9.0", False),
        ("~> 1", "1.9.0", True),
        ("!= 1.9.0", "1.9.0", False),
        ("> 1.9, <= 1.10", "1.10.0", True),
        ("v1.9.0", "1.9.0", True),
        (">= 1.9", "1.9.0-rc1", True),
    ],
)
def test_a_constraint(constraint, version, allowed):
    """What follows a hyphen does not count."""
    assert allowed is allows(constraint, version)


@pytest.mark.parametrize("constraint", ["", "latest", ">= ", "1.2.3.4", "1,,2", "=> 1", "1.x"])
def test_what_is_none(constraint):
    """It is told by itself."""
    with pytest.raises(VersionError, match="is no version constraint"):
        allows(constraint, "1.9.0")
