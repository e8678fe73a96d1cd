"""The `teams` action: posts a card to Microsoft Teams by the webhook of a workflow."""
