"""The action types, one module each, and the loop that tries them.

Free of Airflow: what they need is handed to them.
"""
