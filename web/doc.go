// Package web is the pages: /me for registered people, /admin for staff, and
// the way in. Each is rendered on the server (html/template) and works without
// scripts, in every language of locales/, from 360 pixels up, and on paper.
//
// A page shows a field by its definition and never names one. Handlers bind,
// call registry or issuer, and show the answer; who may do what is decided
// there. Failure is the renderer for whatever goes wrong.
package web
