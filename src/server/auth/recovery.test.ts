import { expect, test } from "vitest";
import { silentLog, totpCode } from "#core";
import { goodPassword, testAccess } from "../../../test/kit/access.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { auditRows } from "../store/audit.ts";
import { openStore, type Store } from "../store/store.ts";
import { recoverAdmin } from "./recovery.ts";
import { unbase32 } from "../../../test/kit/access.ts";

const origin = { source: "192.0.2.1", client: "test" };
const refused = { code: "LOGIN_REFUSED", status: 401 };
const hourMs = 3_600_000;

async function withAdmin(store: Store) {
  const access = testAccess(store);
  const wish = { password: goodPassword, role: "admin", labels: null } as const;
  const admin = await access.accounts.create({ ...wish, name: "root" });
  return { access, admin, wish, recover: (name?: string) => recoverAdmin(store, name, access.clock) };
}

describeWithStores("an admin who got lost (CAT-117)", ({ open }) => {
  test("gets in once with a new password, though the second factor is lost, and the audit says both", async () => {
    await using store = await open();
    const { access, admin, recover } = await withAdmin(store);
    const { secret } = await access.factors.begin(admin.id);
    await access.factors.confirm(admin.id, totpCode(unbase32(secret), access.clock.now()));
    const { name, password, expiresAt } = await recover();
    expect({ name, expiresAt }).toEqual({ name: "root", expiresAt: access.clock.now() + hourMs });
    const tries = await Promise.allSettled([1, 2, 3].map(() => access.login.login({ name, password }, origin)));
    const opened = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(opened).toMatchObject([{ user: { id: admin.id, role: "admin" }, recovered: true }]);
    expect(opened[0]?.session).toMatchObject({ expiresAt, factorAt: access.clock.now() });
    await expect(access.login.login({ name, password }, origin)).rejects.toMatchObject(refused);
    const rows = await auditRows(store, 0, 10);
    expect(rows).toMatchObject([{ actor: "server", action: "admin.recover", subject: admin.id }]);
    expect(JSON.stringify(rows)).not.toContain(password);
  });

  test("does not after an hour, nor with an earlier password, nor under another name", async () => {
    await using store = await open();
    const { access, recover, wish } = await withAdmin(store);
    await access.accounts.create({ ...wish, name: "other" });
    const earlier = await recover("root");
    const { name, password } = await recover("ROOT ");
    await expect(access.login.login({ name, password: earlier.password }, origin)).rejects.toMatchObject(refused);
    await expect(access.login.login({ name: "other", password }, origin)).rejects.toMatchObject(refused);
    access.clock.at += hourMs;
    await expect(access.login.login({ name, password }, origin)).rejects.toMatchObject(refused);
  });

  test("is not kept out by those who lock the name with wrong passwords", async () => {
    await using store = await open();
    const { access, recover } = await withAdmin(store);
    for (let n = 0; n < 6; n++)
      await access.login.login({ name: "root", password: `wrong ${n}` }, origin).catch(() => {});
    await expect(access.login.login({ name: "root", password: goodPassword }, origin)).rejects.toMatchObject({
      code: "LOGIN_DELAYED",
    });
    expect(await access.login.login(await recover(), origin)).toMatchObject({ recovered: true });
  });

  test("is an admin of everything; who was disabled is enabled, and nobody is made one", async () => {
    await using store = await open();
    const { access, admin, recover, wish } = await withAdmin(store);
    await access.accounts.create({ ...wish, name: "some", labels: { site: "a" } });
    await access.accounts.create({ ...wish, name: "vic", role: "viewer" });
    for (const name of ["some", "vic"]) await expect(recover(name)).rejects.toMatchObject({ code: "USER_UNFIT" });
    await expect(recover("nobody")).rejects.toMatchObject({ code: "USER_NOT_FOUND" });
    await access.accounts.create({ ...wish, name: "two" });
    await access.accounts.disable(admin.id);
    expect(await recover()).toMatchObject({ name: "two" });
    const made = await recover("root");
    expect(await access.login.login(made, origin)).toMatchObject({ user: { name: "root" } });
  });

  test("gets in by a way that no dump of the database shows", async () => {
    await using store = await open();
    const { recover } = await withAdmin(store);
    const { password } = await recover();
    const kept = JSON.stringify(await store.db.selectFrom("admin_recovery").selectAll().execute());
    expect(kept).not.toContain(password.slice(4));
  });
});

describeWithStores("two admins", ({ kind, settings }) => {
  test.each(["take each other's role away", "disable each other", "remove each other"])(
    "who %s at once: one stays, every time",
    async (how) => {
      const place = await settings();
      await using one = await openStore(place, silentLog);
      // The embedded database is one server's.
      await using another = kind === "sqlite" ? undefined : await openStore(place, silentLog);
      const [here, there] = [testAccess(one), testAccess(another ?? one)];
      const wish = { password: goodPassword, role: "admin", labels: null } as const;
      const keeper = await here.accounts.create({ ...wish, name: "keeper" });
      for (let round = 0; round < 10; round++) {
        const ids = await Promise.all([1, 2].map((n) => here.accounts.create({ ...wish, name: `a${round}-${n}` })));
        await here.accounts.setRole(keeper.id, "viewer", null);
        const away = (access: typeof here, id = "") =>
          how.startsWith("take")
            ? access.accounts.setRole(id, "viewer", null)
            : how.startsWith("disable")
              ? access.accounts.disable(id)
              : access.accounts.remove(id);
        const ends = await Promise.allSettled([away(here, ids[0]?.id), away(there, ids[1]?.id)]);
        const failed = ends.flatMap((end) =>
          end.status === "rejected" ? [(end.reason as { code: string }).code] : [],
        );
        expect(failed).toEqual(["LAST_ADMIN"]);
        // The one who stays hands over to the keeper.
        await here.accounts.setRole(keeper.id, "admin", null);
        for (const { id } of ids) await here.accounts.remove(id).catch(() => {});
      }
    },
  );
});
