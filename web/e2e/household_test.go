package e2e_test

import (
	"strings"
	"testing"
)

// TestHouseholdWalk: a registrar makes a household, finds its members, records who is
// whose parent and guardian, is refused what cannot be, and ends the household. A member
// tells of a change and follows what becomes of it.
func TestHouseholdWalk(t *testing.T) {
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			mother, child, aunt := newPerson(t, "Nkatha "+strings.ToUpper(v.lang)), newPerson(t, "Lesuuda "+strings.ToUpper(v.lang)), newPerson(t, "Titipan "+strings.ToUpper(v.lang))
			x.as("registrar", staffPassword)
			home := x.newHousehold(mother)
			for _, member := range []somebody{child, aunt} {
				x.addMember(home, member)
			}
			x.check("household_members")
			x.setParent(child, mother)
			x.setGuardian(child, aunt)
			x.refusedParents(child, mother)
			x.endHousehold(home)
			x.open("/admin/people/" + child.id + "/household")
			x.check("household_family")
			x.wants("main", mother.number, aunt.number)
			x.tellOfChange(aunt)
		})
	}
}

// newHousehold makes a household with a head, and gives its address.
func (x *tab) newHousehold(head somebody) string {
	x.t.Helper()
	x.open("/admin/groups/new")
	x.press("main a[href*='kind=household']")
	x.fill("#find", head.number)
	x.press("button[value=find]")
	x.check("household_new")
	x.tick("#m-" + head.id)
	x.fill("#role_"+head.id, "head")
	x.fill("#f_group_name", "House by the well")
	x.press("button[value=save]") // without a reason
	x.wants("#reason[aria-invalid=true]")
	x.check("household_new_refused")
	x.fill("#reason", "First visit at the house")
	x.press("button[value=save]")
	x.wants(".notice.ok", "House by the well")
	x.check("household_made")
	return eval[string](x, "location.pathname")
}

// addMember finds somebody by the number, and adds them.
func (x *tab) addMember(home string, who somebody) {
	x.t.Helper()
	x.open(home + "/members")
	x.fill("#q", who.number)
	x.press("main form[role=search] button")
	x.tick("#m-" + who.id)
	x.fill("#role", "child")
	x.fill("#reason", "Seen at the house")
	x.check("household_member_found")
	x.press("main form[method=post] button[type=submit]")
	x.at(home + "/members")
	x.wants(".notice.ok", who.number)
}

// findKin opens the form that records what somebody is to a person.
func (x *tab) findKin(of, who somebody, tie string) {
	x.t.Helper()
	x.open("/admin/people/" + of.id + "/household")
	x.fill("#tie", tie)
	x.fill("#q", who.number)
	x.press("main form[role=search] button")
	x.wants("#form")
}

const saveKin = "main form[method=post] button[value=save]"

func (x *tab) setParent(child, parent somebody) {
	x.t.Helper()
	x.findKin(child, parent, "parents")
	x.fill("#parent1_id", parent.id)
	x.fill("#reason", "Birth certificate seen")
	x.check("household_parent")
	x.press(saveKin)
	x.at("/admin/people/" + child.id + "/household")
	x.wants(".notice.ok")
	x.wants("[aria-labelledby=family] table", parent.number)
}

func (x *tab) setGuardian(child, guardian somebody) {
	x.t.Helper()
	x.findKin(child, guardian, "guardian")
	x.fill("#guardian_id", guardian.id)
	x.fill("#from", "2024-01-01")
	x.press(saveKin) // without a reason
	x.wants("#reason[aria-invalid=true]")
	x.check("household_guardian_refused")
	x.fill("#reason", "Letter of the court seen")
	x.press(saveKin)
	x.wants(".notice.ok", guardian.number)
	x.check("household_guardian")
}

// refusedParents: nobody is the own parent, though no list offers that, and a child is
// no parent of its mother.
func (x *tab) refusedParents(child, mother somebody) {
	x.t.Helper()
	x.findKin(mother, child, "parents")
	for _, wrong := range []struct{ id, picture string }{{mother.id, "household_own_parent"}, {child.id, "household_child_as_parent"}} {
		eval[any](x, `(() => { const s = document.querySelector("#parent1_id"); s.add(new Option("", `+quote(wrong.id)+`)); s.value = `+quote(wrong.id)+` })(), 0`)
		x.fill("#reason", "A slip of the pen")
		x.press(saveKin)
		x.wants("#parent1_id[aria-invalid=true]")
		if !x.has("main .notice.bad a[href='#parent1_id']") || x.text("#parent1_id-wrong") == "" {
			x.t.Errorf("%s: %s: it is not said at the input: %s", x.v, wrong.picture, x.text("main"))
		}
		x.check(wrong.picture)
	}
}

func (x *tab) endHousehold(home string) {
	x.t.Helper()
	x.open(home)
	x.press("main a[href='" + home + "/end']")
	x.check("household_end")
	x.press("main form button[type=submit]") // without a reason
	x.wants("#reason[aria-invalid=true]")
	x.fill("#reason", "They moved to two houses")
	x.press("main form button[type=submit]")
	x.wants(".notice.ok")
	x.wants("main .hero .badge.none")
	x.check("household_ended")
}

// tellOfChange: a member tells the office of a change, with a mistake at first; the
// registrar finds it, does what follows and says so; the member reads that, and what
// became of another one that was refused.
func (x *tab) tellOfChange(who somebody) {
	x.t.Helper()
	const note = "My niece lives with me now.\nSince the first of May."
	x.as(who.number, who.passphrase)
	x.open("/me/household")
	x.check("household_own")
	x.press("main a[href='/me/edit/household']")
	x.check("household_tell")
	x.press("button[value=check]") // says nothing yet
	x.wants("main textarea[aria-invalid=true]")
	x.check("household_tell_refused")
	x.fill("main textarea[id^=f_]", note)
	x.press("button[value=check]")
	x.wants("main", "Since the first of May.")
	x.check("household_tell_check")
	x.press("button[value=save]")
	x.at("/me/household")
	x.wants(".notice.ok")
	x.wants("[aria-labelledby=told] .badge.wait")
	x.check("household_told")
	own := eval[string](x, `document.querySelector("[aria-labelledby=told] a[href^='/me/requests/']").getAttribute("href")`)

	x.decideNote(own, "approve", "She is in your household now.")
	x.as(who.number, who.passphrase)
	x.open("/me/household")
	x.wants("[aria-labelledby=told] .badge.ok")
	x.press("[aria-labelledby=told] a[href='" + own + "']")
	x.wants("[aria-labelledby=way]", "She is in your household now.")
	x.check("household_note_done")

	x.open("/me/edit/household")
	x.fill("main textarea[id^=f_]", "My uncle moved in.")
	x.press("button[value=check]")
	x.press("button[value=save]")
	own = eval[string](x, `document.querySelector("[aria-labelledby=told] a[href^='/me/requests/']").getAttribute("href")`)
	x.decideNote(own, "reject", "Please come with him.")
	x.as(who.number, who.passphrase)
	x.open(own)
	x.wants("[aria-labelledby=way]", "Please come with him.")
	x.check("household_note_refused")
	x.press("main a[href='/me/edit/household']") // tell it again
	x.wants("main textarea[id^=f_]")
}

// decideNote finds a note in the queue of the registrar, and answers it.
func (x *tab) decideNote(own string, answer, words string) {
	x.t.Helper()
	at := "/admin/requests/" + strings.TrimPrefix(own, "/me/requests/")
	x.as("registrar", staffPassword)
	x.open("/admin/requests")
	x.press("main a[href='" + at + "']")
	x.check("household_note_desk")
	if answer == "reject" {
		x.press("button[value=reject]") // without words
		x.wants("#words[aria-invalid=true]")
	}
	x.fill("#words", words)
	x.press("button[value=" + answer + "]")
	x.wants(".notice.ok")
	x.wants("main ol.line", words)
	x.check("household_note_decided_" + answer)
}
