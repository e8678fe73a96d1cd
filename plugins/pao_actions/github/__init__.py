"""The `github-workflow` action: starts a workflow of GitHub Actions, finds its run and follows it to its end."""
