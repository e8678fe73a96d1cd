"""What an item says of a Terraform run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

DEFAULT_GIT_CONNECTION = "git_default"
DEFAULT_CLOUD_CONNECTION = "terraform_cloud_default"

BackendType = Literal["s3", "gcs", "azurerm", "http", "pg", "local"]


class BackendConfig(BaseModel):
    """Where Terraform keeps its state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: BackendType
    """The kind of backend."""
    config: dict[str, JsonValue] = Field(default_factory=dict)
    """The arguments of Terraform's `backend` block; secrets come from `env.*`."""


class TerraformConfig(BaseModel):
    """A Terraform run. `repository`, `path` and `module` say what is run, `backend` where its state is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str | None = None
    """The git repository: a URL, or a name below the `host` of the git connection. Without one, `runner: cloud` runs
    the workspace's own configuration."""
    connection: str | None = None
    """An Airflow `git` connection, `git_default` where `repository` is a name."""
    branch: str | None = None
    """The branch to run; without any of these four, the repository's default branch."""
    tag: str | None = None
    """The tag to run."""
    commit: str | None = None
    """The commit to run, in full."""
    ref: str | None = None
    """A branch, or else a tag, of that name."""
    path: str = "."
    """The folder in the repository that is the root; a value in it is one segment of the path."""
    module: str | None = None
    """What a generated root calls: a name below the repository's `modules/`, a registry or a git address."""
    module_version: str | None = None
    """The version of a module from a registry, or a constraint such as `~> 6.1`."""
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    """Terraform's input variables; values keep their types."""
    backend: BackendConfig | None = None
    """Where the state is kept; by default in the platform's database, one state for each request."""
    credentials: str | None = None
    """An Airflow connection whose credentials the providers get as environment variables."""
    runner: Literal["local", "cloud"] = "local"
    """Where it runs: on a worker, or in Terraform Cloud or Enterprise."""
    cloud_connection: str = DEFAULT_CLOUD_CONNECTION
    """An Airflow connection to Terraform Cloud or Enterprise: host, and a token as its password."""
    workspace: str | None = None
    """The workspace: of Terraform Cloud, as `name` or `organization/name`, or of the `backend`."""
    action: Literal["apply", "destroy", "plan"] = "apply"
    """What to do; `plan` changes nothing."""
    version: str | None = None
    """Which versions of Terraform may run this, as in `>= 1.8, < 2`."""
    sensitive_outputs: tuple[str, ...] = ()
    """Outputs that are stored encrypted and shown masked, beside those that Terraform itself calls sensitive."""
    lock_timeout: float = Field(default=300, ge=0)
    """Seconds to wait for the state's lock."""
