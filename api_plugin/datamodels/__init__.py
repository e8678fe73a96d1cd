"""What the API's operations take and answer, as models for OpenAPI and checking: a module for each kind of them."""
