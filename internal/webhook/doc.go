// Package webhook posts messages to one address, signed as Standard Webhooks 1.0.0
// has it: webhook-id, webhook-timestamp and webhook-signature, an HMAC-SHA-256 over
// id, time and body. It knows nothing of what is in a message, and tries once: whoever
// calls it keeps an outbox.
package webhook
