// Stores the page's files, so that it works offline once loaded, and answers with the headers that threads require.
// vite.config.ts puts in the version and the names of the files of the first load.

const CACHE = `playground ${__VERSION__}`;

self.addEventListener("install", (event) => {
  event.waitUntil(storeFirstFiles());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOldVersions());
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

async function storeFirstFiles() {
  const cache = await caches.open(CACHE);
  await cache.addAll(__FILES__);
  await self.skipWaiting();
}

async function removeOldVersions() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The page itself comes from the network while there is one, so that it is the newest; files have their hash as a name. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const isPage = request.mode === "navigate";
  const stored = await cache.match(isPage ? "./" : request, { ignoreSearch: isPage });
  if (stored && !isPage) return isolated(stored);
  try {
    const response = await fetch(request);
    if (response.ok && response.type === "basic") await cache.put(isPage ? "./" : request, response.clone());
    return isolated(response);
  } catch (error) {
    if (stored) return isolated(stored);
    throw error;
  }
}

function isolated(response) {
  if (!response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, headers });
}
