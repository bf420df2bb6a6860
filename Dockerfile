# s3delta for any of its commands: docker run … s3delta worker --allow /data
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# Built, then without what only building needs.
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production S3DELTA_CACHE=/cache HF_HOME=/cache/huggingface
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/bin bin
COPY --from=build /build/models models
COPY --from=build /build/schema schema
# Others may write nothing but the cache and what is mounted. The user is `node`, by its number for runAsNonRoot.
RUN mkdir /cache /runs && chown node:node /cache /runs
USER 1000:1000
WORKDIR /runs
VOLUME /cache
ENTRYPOINT ["node", "/app/bin/s3delta.mjs"]
CMD ["--help"]
