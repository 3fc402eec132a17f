# The server of powermem. Listens on all addresses of its container, so it needs keys:
#   docker run -p 127.0.0.1:8848:8848 -v powermem:/data -e POWERMEM_SERVER_API_KEYS=... powermem
FROM python:3.13-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
# Extras of the store and of the models in use: local is the embedder that needs no service.
ARG EXTRAS=server,local,postgres,mysql
RUN python -m venv /opt/powermem \
    && /opt/powermem/bin/pip install --no-cache-dir --no-compile ".[${EXTRAS}]" \
    && /opt/powermem/bin/pip uninstall --yes pip \
    && find /opt/powermem -name tests -type d -prune -exec rm -r {} +

FROM python:3.13-slim
COPY --from=build /opt/powermem /opt/powermem
# A number, so that Kubernetes can see that it is not root.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV PATH=/opt/powermem/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SQLITE_PATH=/data/powermem.db \
    POWERMEM_SERVER_HOST=0.0.0.0 \
    POWERMEM_SERVER_LOG_FORMAT=json
EXPOSE 8848
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8848/health/ready', timeout=4)"]
ENTRYPOINT ["powermem"]
CMD ["serve"]
