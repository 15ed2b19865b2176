/** The headers of every request, beside its Cookie; `load.lua` sends the same. */
export const HEADERS: Readonly<Record<string, string>> = {
  Host: 'www.example.com',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  Accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.5',
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
}
