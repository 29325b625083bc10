// Package decoders compares readers of JSON at the job that CloudKassir's bodies set: a receipt into a struct. It is a module of
// its own, so that kktd depends on none of them; its path stands under kktd/api, for only there the project's reader can be imported.
package decoders
