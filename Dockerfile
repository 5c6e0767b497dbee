# Two stages: what builds stays behind. The image holds a virtual environment and nothing of the checkout.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/monitor \
 && /opt/monitor/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY monitor monitor
COPY store store
COPY alerts alerts
COPY review review
COPY feeds.yaml feeds.schema.json ./
COPY rules rules
COPY corpus corpus
COPY newsroom newsroom
RUN /opt/monitor/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
# A fixed number, so that a volume keeps its owner from one image to the next.
RUN useradd --uid 10001 --home-dir /srv/watch --create-home --shell /usr/sbin/nologin watch
COPY --from=build /opt/monitor /opt/monitor
ENV PATH=/opt/monitor/bin:$PATH PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MONITOR_VAR=/srv/watch/var
USER watch
# Holds feeds.yaml, rules/ and corpus/ (`monitor init` puts the shipped ones there) and var/, never code.
WORKDIR /srv/watch
RUN monitor init . && mkdir -p var
VOLUME /srv/watch/var
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m --timeout=10s --start-period=1m CMD ["monitor", "health"]
ENTRYPOINT ["monitor"]
CMD ["run"]
