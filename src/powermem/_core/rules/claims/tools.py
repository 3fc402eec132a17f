"""Classes of tools of which a person or a team usually uses one at a time."""

from __future__ import annotations

from . import values

_CLASSES = {
    "editor": "vim neovim emacs vscode sublime zed pycharm intellij atom cursor helix nano",
    "database": "postgres mysql mariadb sqlite mongodb oracle dynamodb cockroachdb cassandra",
    "cloud": "aws gcp azure hetzner digitalocean heroku vercel netlify",
    "operating system": "windows macos linux ubuntu debian fedora arch",
    "phone": "android iphone pixel samsung",
    "browser": "chrome firefox safari edge brave",
    "frontend framework": "react vue angular svelte solid",
    "web framework": "django flask fastapi rails laravel express",
    "ci": "jenkins circleci travis github-actions gitlab-ci",
    "broker": "kafka rabbitmq nats sqs",
    "chat tool": "slack teams discord mattermost zulip",
    "issue tracker": "jira linear trello asana",
    "package manager": "npm yarn pnpm pip poetry uv pipenv conda",
    "notes tool": "notion obsidian evernote onenote",
    "shell": "bash zsh fish",
    "linter": "flake8 ruff pylint",
    "search engine": "google duckduckgo bing kagi",
    "build tool": "webpack vite gradle maven bazel",
    "version control": "git mercurial svn",
}
_CLASS_OF = {name: kind for kind, names in _CLASSES.items() for name in names.split()}


def tool_class(name: str) -> str | None:
    """Return the class of a tool, or ``None`` for one that is not known."""
    words = values.fold(name).split()
    return _CLASS_OF.get(words[0]) if words else None


def is_tool(name: str) -> bool:
    """Return whether a name is that of a known tool."""
    return tool_class(name) is not None or values.fold(name) in (
        "kubernetes",
        "docker",
        "python",
        "java",
        "go",
    )
