# Airflow's own image (its entry point and probes are what the Helm chart expects) with the pinned packages and PAO.
# It runs as the user airflow, who is not root.
FROM apache/airflow:slim-3.3.2-python3.12

USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
USER airflow

COPY --chown=airflow:0 requirements.txt /opt/pao/
RUN pip install --no-cache-dir -r /opt/pao/requirements.txt

COPY --chown=airflow:0 pyproject.toml /opt/pao/
COPY --chown=airflow:0 api_plugin /opt/pao/api_plugin
COPY --chown=airflow:0 catalog_compiler /opt/pao/catalog_compiler
COPY --chown=airflow:0 plugins /opt/pao/plugins
COPY --chown=airflow:0 dags /opt/pao/dags
RUN pip install --no-cache-dir --no-deps --editable /opt/pao \
    && mkdir -p /opt/airflow/bundles
