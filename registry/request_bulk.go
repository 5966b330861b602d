package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
)

// MaxDecisions is how many change requests one call of ApproveRequests takes.
const MaxDecisions = 200

// RequestOutcome is what became of one of several change requests.
type RequestOutcome struct {
	ID      uuid.UUID
	Request ChangeRequest // as it is now; zero with Err
	Err     error         // what ApproveRequest says; nil: it is approved
}

// ApproveRequests approves change requests, each with its own outcome, in the order
// of picks. Those of one edit of one record are tried together first, as values may
// rest on each other, and one by one if that fails; a draft that was given another
// reason or another day of collection than the rest of its edit stands alone. It returns Invalid
// "bad_requests" if there are none, more than MaxDecisions, or one stands twice; or
// Forbidden. Any other error ends it: what was approved until then is.
func (r *Registry) ApproveRequests(ctx context.Context, a Actor, picks []RequestVersion, d Approve) ([]RequestOutcome, error) {
	if err := a.checkWithin(toApprove); err != nil {
		return nil, err
	}
	if _, err := cleanWords(d.Words, false); err != nil {
		return nil, err
	}
	if err := checkPicks(picks); err != nil {
		return nil, err
	}
	together, err := r.together(ctx, picks)
	if err != nil {
		return nil, err
	}
	out := make([]RequestOutcome, len(picks))
	for i, q := range picks {
		out[i].ID = q.ID
	}
	for _, places := range together {
		if err := r.approveSome(ctx, a, picks, places, d, out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func checkPicks(picks []RequestVersion) error {
	seen := map[uuid.UUID]bool{}
	for _, q := range picks {
		seen[q.ID] = true
	}
	if len(picks) == 0 || len(picks) > MaxDecisions || len(seen) < len(picks) {
		return fault.InvalidFields("bad_requests", "These change requests cannot be decided about together.",
			[]fault.Field{{Name: "requests", Code: "bad_requests", Detail: "From 1 to 200, each once."}})
	}
	return nil
}

// edit is what the version keeps that carries requests out: those that share it
// can be carried out together.
type edit struct {
	batch, registrant uuid.UUID
	reason, author    string
	channel           Channel
	collectedAt       int64 // microseconds since 1970; 0: unknown
}

func (row *requestRow) edit() edit {
	e := edit{batch: row.BatchID, registrant: row.RegistrantID, reason: row.Reason, author: row.Author, channel: row.Channel}
	if row.CollectedAt != nil {
		e.collectedAt = row.CollectedAt.UnixMicro()
	}
	return e
}

// together groups the places of picks whose requests are of one edit.
func (r *Registry) together(ctx context.Context, picks []RequestVersion) ([][]int, error) {
	ids := make([]uuid.UUID, len(picks))
	for i, q := range picks {
		ids[i] = q.ID
	}
	var rows []requestRow
	if err := r.db.WithContext(ctx).Select("id", "batch_id", "registrant_id", "reason", "author", "channel", "collected_at").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("group change requests: %w", err)
	}
	of := map[uuid.UUID]edit{}
	for _, row := range rows {
		of[row.ID] = row.edit()
	}
	var out [][]int
	at := map[edit]int{}
	for i, id := range ids {
		e, known := of[id]
		if n, begun := at[e]; known && begun {
			out[n] = append(out[n], i)
			continue
		}
		if known {
			at[e] = len(out)
		}
		out = append(out, []int{i})
	}
	return out, nil
}

// approveSome approves the picks at some places: together, or else one by one.
func (r *Registry) approveSome(ctx context.Context, a Actor, picks []RequestVersion, places []int, d Approve, out []RequestOutcome) error {
	some := make([]RequestVersion, len(places))
	for n, i := range places {
		some[n] = picks[i]
	}
	done, err := r.approve(ctx, a, some, d)
	switch {
	case err == nil:
		for n, i := range places {
			out[i].Request = done[n]
		}
		return nil
	case fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable:
		return err
	case len(places) == 1:
		out[places[0]].Err = err
		return nil
	}
	for _, i := range places {
		if err := r.approveSome(ctx, a, picks, []int{i}, d, out); err != nil {
			return err
		}
	}
	return nil
}
