"""The `slack` action: posts a message, as an app with a bot token or by an incoming webhook."""
