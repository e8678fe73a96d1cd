"""A client of the platform, as a portal would be one: signs in, shows the catalog, orders, watches.

`python -m examples.client` plays the main job once. It uses nothing but the public API.
"""
