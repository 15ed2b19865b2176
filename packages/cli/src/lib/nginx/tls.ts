/** Mozilla's intermediate profile 5.7 (ssl-config.mozilla.org): every browser since 2018, and no key exchange without forward secrecy. */
export const TLS = `    # Mozilla's intermediate profile, version 5.7.
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_prefer_server_ciphers off;
    ssl_session_timeout 1d;
    ssl_session_cache shared:holdfast_tls:10m;
    ssl_session_tickets off;
`
