package registry

// Verb is what is done with a kind of data.
type Verb string

// The verbs.
const (
	VerbRead   Verb = "read"
	VerbAdd    Verb = "add"
	VerbChange Verb = "change"
	VerbRemove Verb = "remove"
	VerbDecide Verb = "decide"
	VerbRun    Verb = "run"
)

// Right is one line of the table of permissions: what may be done with which data,
// by whom, and where.
type Right struct {
	Data       string // people, documents, fields, ...
	Verb       Verb
	Roles      []Role // without the service itself
	Everywhere bool   // a role that holds within bounds does not do
	OwnOnly    bool   // of the own record or account alone
}

// Rights is the table of permissions in the order in which people read it. It is made
// from the rules themselves.
func Rights() []Right {
	var out []Right
	for _, r := range rightRows() {
		right := Right{Data: r.data, Verb: r.verb, Everywhere: r.whole, OwnOnly: r.own}
		for _, role := range rolesFor(r.act) {
			if role != RoleSystem {
				right.Roles = append(right.Roles, role)
			}
		}
		out = append(out, right)
	}
	return out
}

// rightRow names the action behind a line. whole tells that it is decided by check,
// for the registry as a whole.
type rightRow struct {
	data  string
	verb  Verb
	act   action
	whole bool
	own   bool
}

func rightRows() []rightRow {
	return []rightRow{
		{"people", VerbRead, toRead, false, false}, {"people", VerbAdd, toRegister, false, false}, {"people", VerbChange, toEdit, false, false},
		{"attestations", VerbDecide, toAttest, false, false}, {"requests", VerbDecide, toApprove, false, false},
		{"documents", VerbRead, toReadDocuments, false, false}, {"documents", VerbAdd, toAddDocument, false, false}, {"documents", VerbRemove, toRemoveDocument, false, false},
		{"identifiers", VerbChange, toIdentify, false, false},
		{"family", VerbRead, toReadKin, false, false}, {"family", VerbChange, toRelate, false, false},
		{"groups", VerbChange, toKeepMembers, false, false}, {"programmes", VerbAdd, toEnrol, false, false},
		{"versions", VerbAdd, toAddVersion, false, false}, {"versions", VerbDecide, toSetDefault, false, false},
		{"looks", VerbRead, toReadLooks, false, false}, {"changes", VerbRead, toReadChanges, false, false}, {"codes", VerbAdd, toHandOutCode, false, false},
		{"uploads", VerbRun, toImport, true, false}, {"exports", VerbRun, toExport, false, false}, {"exports", VerbRead, toReadExports, false, false},
		{"sources", VerbRead, toReadSources, true, false}, {"sources", VerbChange, toKeepSources, true, false}, {"sources", VerbRun, toPullSources, true, false},
		{"statistics", VerbRead, toReadStats, false, false}, {"jobs", VerbRead, toReadJobs, true, false}, {"jobs", VerbRemove, toEndJobs, true, false},
		{"areas", VerbRead, toReadAreas, false, false}, {"areas", VerbChange, toKeepAreas, false, false},
		{"fields", VerbChange, toDefineField, true, false}, {"kinds", VerbChange, toDefineGroups, true, false},
		{"definitions", VerbChange, toDefineProgrammes, true, false}, {"types", VerbChange, toDefineIdentifierType, true, false},
		{"statuses", VerbChange, toKeepStatuses, false, false}, {"settings", VerbRead, toReadAdminLog, true, false},
		{"staff", VerbRead, toReadStaff, false, false}, {"staff", VerbChange, toCreateStaff, false, false},
		{"tokens", VerbChange, toKeepTokens, false, true},
	}
}
