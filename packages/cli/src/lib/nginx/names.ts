import type { Site, SiteApp } from './site.js'

/** Where nginx asks about an application's visitors; nobody else gets there. */
export function checkOf({ name }: SiteApp): string {
  return `/.holdfast/${name}`
}

/** Names that all of nginx shares have the site's in them: another site on the same server has its own. */
export function upstreamOf({ domains }: Site, app: SiteApp): string {
  return `holdfast_app_${app.name.replaceAll('-', '_')}.${domains[0]}`
}

export function checkUpstreamOf({ domains }: Site): string {
  return `holdfast_check.${domains[0]}`
}

export function zoneOf({ domains }: Site): string {
  return `holdfast.${domains[0]}`
}

/** What a Host of this site looks like, for a regular expression of nginx; the name is its first group. */
export function hostPattern({ domains }: Site): string {
  return `'^(${domains.map((domain) => domain.replaceAll('.', '\\.')).join('|')})(?::\\d+)?$'`
}
