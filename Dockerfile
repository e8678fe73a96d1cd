# Airflow's own image (its entry point and probes are what the Helm chart expects) with the pinned packages and PAO.
# It runs as the user airflow, who is not root.
#
# Terraform comes from its own image, whose digest the registry checks; pin it, or take OpenTofu, by a build argument:
#
#   docker build --build-arg TERRAFORM_IMAGE=hashicorp/terraform:1.11.4@sha256:... .
#   docker build --build-arg TERRAFORM_IMAGE=ghcr.io/opentofu/opentofu:minimal --build-arg TERRAFORM=/usr/local/bin/tofu .
#
# Files of requests in an object store ([pao] file_storage), and whatever else of Airflow's providers, by another:
#
#   docker build --build-arg "PACKAGES=apache-airflow-providers-amazon[s3fs]" .
ARG TERRAFORM_IMAGE=hashicorp/terraform:1.11.4
FROM ${TERRAFORM_IMAGE} AS terraform

FROM apache/airflow:slim-3.3.2-python3.12

USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/*
ARG TERRAFORM=/bin/terraform
COPY --from=terraform ${TERRAFORM} /usr/local/bin/
USER airflow

COPY --chown=airflow:0 requirements.txt /opt/pao/
RUN pip install --no-cache-dir -r /opt/pao/requirements.txt
ARG PACKAGES=""
RUN [ -z "$PACKAGES" ] || pip install --no-cache-dir --constraint /opt/pao/requirements.txt $PACKAGES

COPY --chown=airflow:0 pyproject.toml /opt/pao/
COPY --chown=airflow:0 api_plugin /opt/pao/api_plugin
COPY --chown=airflow:0 catalog_compiler /opt/pao/catalog_compiler
COPY --chown=airflow:0 plugins /opt/pao/plugins
COPY --chown=airflow:0 dags /opt/pao/dags
RUN pip install --no-cache-dir --no-deps --editable /opt/pao \
    && mkdir -p /opt/airflow/bundles /opt/airflow/files /opt/airflow/terraform
