import { httpBench } from "./http.ts";

/** `/api/v1/node`: a small JSON answer behind host, origin and token checks. */
export const httpApi = httpBench("http_api", "/api/v1/node");
