// Values in localStorage that belong to one account: `pregao.<room>.<user>.draft`.
const PERSONAL = /^pregao\.\d+\.(\d+)\.draft$/;

/** Remove the values of all accounts except `userId`, "" after a log-out: others may use this browser. */
export function forgetOthers(userId) {
  try {
    for (const key of Object.keys(window.localStorage)) {
      const owner = PERSONAL.exec(key)?.[1];
      if (owner !== undefined && owner !== userId) window.localStorage.removeItem(key);
    }
  } catch {
    // a browser that refuses storage keeps nothing
  }
}
