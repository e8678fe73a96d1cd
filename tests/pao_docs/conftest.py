"""What examples of the documentation call."""

from tests.pao_actions.conftest import target

__all__ = ["target"]
