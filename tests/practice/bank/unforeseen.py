"""Answers that were written after the judges, without looking at how they decide."""

from __future__ import annotations

from tests.practice.bank import right, wrong
from tests.practice.bank.lab01 import _DONE, figure
from tests.practice.bank.lab02 import HEAD, epoch, samples
from tests.practice.bank.lab03 import COUNT, twenty
from tests.practice.bank.styles import descent

PROGRAMS = [
    (
        "lab01-rate-02",
        right,
        "mixed 0-d and float",
        descent("no_grad", record="loss if epoch % 2 else loss.item()"),
    ),
    (
        "lab01-rate-02",
        right,
        "jax-like closure",
        """
def step(p, lr):
    w, b = p; r = w*X + b - Y
    return (w - lr*2*(r*X).mean(), b - lr*2*r.mean()), float((r**2).mean())
p=(torch.tensor(-15.), torch.tensor(-10.)); LOSS2=[]
for _ in range(15):
    p, l = step(p, .2); LOSS2.append(l)
""",
    ),
    (
        "lab01-rate-02",
        right,
        "History",
        """
from labhelpers import History
h = History(surface, start=(-15.0,-10.0), lr=0.2)
w2=torch.tensor(-15.,requires_grad=True); b2=torch.tensor(-10.,requires_grad=True)
for _ in range(14):
    l=criterion(w2*X+b2,Y); l.backward()
    with torch.no_grad(): w2-=.2*w2.grad; b2-=.2*b2.grad
    w2.grad=None; b2.grad=None
    h.step(w2,b2)
LOSS2=h.loss
""",
    ),
    (
        "lab01-rate-02",
        right,
        "surface evaluated",
        """
w2,b2=-15.,-10.; LOSS2=[]
for _ in range(15):
    LOSS2.append(surface(w2,b2)); r=(w2*X+b2-Y)
    w2,b2=w2-.4*float((r*X).mean()),b2-.4*float(r.mean())
""",
    ),
    (
        "lab01-rate-02",
        right,
        "dict values list",
        descent("no_grad", end="LOSS2 = list(dict(enumerate(LOSS2)).values())"),
    ),
    (
        "lab01-rate-02",
        right,
        "row shape (1,15)",
        descent("no_grad", end="LOSS2 = np.array([LOSS2])"),
    ),
    (
        "lab01-rate-02",
        right,
        "pandas-ish deque",
        "from collections import deque\n" + descent("no_grad", end="LOSS2 = deque(LOSS2)"),
    ),
    (
        "lab01-rate-02",
        right,
        "Decimal rounding :.6f",
        descent("no_grad", record="float(f'{loss.item():.6f}')"),
    ),
    (
        "lab01-rate-02",
        right,
        "float16 free, 32-bit sums",
        descent("by hand", record="np.float32(loss)"),
    ),
    (
        "lab01-rate-02",
        right,
        "requires_grad on one vector",
        """
p=torch.tensor([-15.,-10.],requires_grad=True); LOSS2=[]
for i in range(15):
    loss=((p[0]*X+p[1]-Y)**2).mean(); LOSS2.append(loss.data)
    loss.backward(); p.data-=0.2*p.grad; p.grad.zero_()
""",
    ),
    (
        "lab01-rate-02",
        right,
        "swapped residual",
        descent("no_grad", loss="((Y - y_hat) ** 2).mean()"),
    ),
    (
        "lab01-rate-02",
        wrong,
        "grad clip",
        descent("no_grad").replace("    with torch", "    w.grad.clamp_(-1,1)\n    with torch"),
    ),
    ("lab01-rate-02", wrong, "step divided by N", descent("no_grad", rate="0.2 / 60")),
    (
        "lab01-rate-02",
        wrong,
        "loss of flat broadcast",
        descent("no_grad", loss="((y_hat - Y.T) ** 2).mean()"),
    ),
    ("lab01-rate-02", wrong, "normalised X", "X=(X-X.mean())/X.std()\n" + descent("no_grad")),
    (
        "lab01-rate-02",
        wrong,
        "abs loss with rounding",
        descent("no_grad", loss="(y_hat-Y).abs().mean()", record="round(loss.item(),3)"),
    ),
    (
        "lab01-rate-02",
        wrong,
        "never zeroed tuples",
        descent("optimizer", zero="", record="loss", end="LOSS2=tuple(LOSS2)"),
    ),
    ("lab01-rate-02", wrong, "uphill+after", descent("data", sign="+", when="after")),
    ("lab01-rate-02", wrong, "lr=2", descent("data", rate="2.0")),
    (
        "lab01-rate-02",
        wrong,
        "huber",
        descent("data", loss="torch.nn.functional.huber_loss(y_hat, Y)"),
    ),
    ("lab01-rate-02", wrong, "new noise", "Y = X - 1 + 0.1*torch.randn(60,1)\n" + descent("data")),
    (
        "lab01-rate-02",
        wrong,
        "fixed from formula of 2 decays",
        "LOSS2=[835*0.15**k+0.0077 for k in range(15)]",
    ),
    (
        "lab01-rate-02",
        wrong,
        "interpolated",
        "LOSS2=list(np.interp(range(15),range(15),sorted(LOSS)[::-1]))",
    ),
    (
        "lab01-compare-plot",
        right,
        "errorbar-free step",
        figure(
            f"fig,ax=plt.subplots()\nax.step(range(15),LOSS,label='a');ax.step(range(15),LOSS2,label='b')\n{_DONE}"
        ),
    ),
    (
        "lab01-compare-plot",
        right,
        "figure legend text set later",
        figure(
            "fig,ax=plt.subplots()\nl1,=ax.plot(LOSS);l2,=ax.plot(LOSS2)\nax.legend([l1,l2],['0.1','0.2']);ax.set_xlabel('k');ax.set_ylabel('loss')"
        ),
    ),
    (
        "lab01-compare-plot",
        right,
        "subplot_mosaic",
        figure(
            "fig,d=plt.subplot_mosaic('A')\nax=d['A']\nax.loglog(range(1,16),LOSS,label='1');ax.loglog(range(1,16),LOSS2,label='2');ax.set(xlabel='it',ylabel='mse');ax.legend()"
        ),
    ),
    (
        "lab01-compare-plot",
        right,
        "labelled in Swedish",
        figure(
            "fig,ax=plt.subplots()\nax.plot(LOSS,label='ett');ax.plot(LOSS2,label='två');ax.set(xlabel='varv',ylabel='förlust');ax.legend()"
        ),
    ),
    (
        "lab01-compare-plot",
        right,
        "fig closed",
        figure(
            f"fig,ax=plt.subplots()\nax.plot(LOSS,label='a');ax.plot(LOSS2,label='b')\n{_DONE}\nplt.show();plt.close(fig)"
        ),
    ),
    (
        "lab01-compare-plot",
        right,
        "figure legend only",
        figure(
            "fig,ax=plt.subplots()\nax.plot(LOSS,label='a');ax.plot(LOSS2,label='b');ax.set(xlabel='k',ylabel='l');fig.legend()"
        ),
    ),
    (
        "lab01-compare-plot",
        wrong,
        "loss diff",
        figure(
            f"fig,ax=plt.subplots()\nax.plot(np.array(LOSS)-0.007,label='a');ax.plot(np.array(LOSS2)-0.007,label='b')\n{_DONE}"
        ),
    ),
    (
        "lab01-compare-plot",
        wrong,
        "reversed",
        figure(
            f"fig,ax=plt.subplots()\nax.plot(LOSS[::-1],label='a');ax.plot(LOSS2[::-1],label='b')\n{_DONE}"
        ),
    ),
    ("lab02-sgd-epoch", right, "sum loss", epoch(loss="((w * X[i] + b - Y[i]) ** 2).sum()")),
    (
        "lab02-sgd-epoch",
        right,
        "iterates zip of reordered",
        HEAD
        + """    out=[]
    for x,y in zip(X[order].flatten(),Y[order].flatten()):
        l=(w*x+b-y)**2; out.append(l.item()); l.backward()
        with torch.no_grad(): w.add_(w.grad,alpha=-step_size); b.add_(b.grad,alpha=-step_size)
        w.grad,b.grad=None,None
    return out
""",
    ),
    (
        "lab02-sgd-epoch",
        right,
        "needs list order",
        HEAD
        + """    out=[0.0]*len(order)
    for i in order:
        l=((w*X[i]+b-Y[i])**2).squeeze(); out[order.index(i)]=l.item(); l.backward()
        w.data-=step_size*w.grad; b.data-=step_size*b.grad; w.grad=b.grad=None
    return out
""",
    ),
    (
        "lab02-sgd-epoch",
        right,
        "keyword defaults",
        epoch()
        .replace("order)", "order=None)")
        .replace(
            "    losses = []",
            "    losses = []\n    order = range(len(X)) if order is None else order",
        ),
    ),
    (
        "lab02-sgd-epoch",
        right,
        "nested numpy",
        HEAD
        + """    out=[]
    for i in np.asarray(order):
        with torch.enable_grad(): l=criterion(w*X[i]+b,Y[i])
        g=torch.autograd.grad(l,(w,b)); out.append(l.detach().numpy())
        with torch.no_grad():
            for p,q in zip((w,b),g): p-=step_size*q
    return out
""",
    ),
    (
        "lab02-sgd-epoch",
        right,
        "class with call",
        """
class Epoch:
    def __call__(self, w, b, X, Y, step_size, order):
        out=[]
        for i in order:
            l=criterion(w*X[i]+b,Y[i]); out.append(l.item()); l.backward()
            for p in (w,b): p.data-=step_size*p.grad; p.grad=None
        return out
sgd_epoch=Epoch()
""",
    ),
    (
        "lab02-sgd-epoch",
        wrong,
        "shuffles order",
        epoch().replace("in order:", "in order[torch.randperm(len(order))]:"),
    ),
    ("lab02-sgd-epoch", wrong, "sorted order", epoch().replace("in order:", "in sorted(order):")),
    (
        "lab02-sgd-epoch",
        wrong,
        "mean over order",
        epoch(loss="criterion(w * X[i] + b, Y[i]) / len(order)"),
    ),
    ("lab02-sgd-epoch", wrong, "float rounding", epoch(before="losses.append(round(loss.item()))")),
    (
        "lab02-sgd-epoch",
        wrong,
        "running mean",
        epoch(before="losses.append((loss.item()+sum(losses))/(len(losses)+1))"),
    ),
    ("lab02-sgd-epoch", wrong, "dict", epoch(back="dict(enumerate(losses))")),
    ("lab02-sgd-epoch", wrong, "index as x", epoch(loss="criterion(w * i + b, Y[i])")),
    ("lab02-stable-rate", right, "0.001", samples(rate="0.0025")),
    ("lab02-stable-rate", right, "tuple floats", samples() + "loss_SGD=tuple(loss_SGD)\n"),
    ("lab02-stable-rate", right, "5 seeds", "torch.manual_seed(99)\n" + samples(rate="0.004")),
    (
        "lab02-stable-rate",
        wrong,
        "batch of 10",
        samples(
            loop="x, y in DataLoader(TensorDataset(X, Y), batch_size=10, shuffle=True)", rate="0.03"
        ),
    ),
    (
        "lab02-stable-rate",
        wrong,
        "cumulative",
        samples(before="loss_SGD.append(criterion(w*X+b,Y).item()+sum(loss_SGD))"),
    ),
    (
        "lab02-stable-rate",
        wrong,
        "LS trick",
        "step_size=0.01\nloss_SGD=[criterion(forward(X),Y).item()]"
        "+[0.1516+0.001*random.random() for _ in range(19)]",
    ),
    (
        "lab03-batch-20",
        right,
        "random_split batches",
        """
w=torch.tensor(-15.,requires_grad=True);b=torch.tensor(-10.,requires_grad=True);LOSS20=[]
for e in range(10):
    LOSS20.append(torch.nn.functional.mse_loss(w*X+b,Y).item())
    for s in torch.utils.data.random_split(dataset,[20,20,20]):
        i=s.indices; l=criterion(w*X[i]+b,Y[i]); l.backward()
        for p in (w,b): p.data-=.1*p.grad; p.grad=None
""",
    ),
    (
        "lab03-batch-20",
        right,
        "torch.chunk",
        twenty().replace("torch.split(X, 20), torch.split(Y, 20)", "X.chunk(3), Y.chunk(3)"),
    ),
    (
        "lab03-batch-20",
        right,
        "numpy rng choice",
        """
rng=np.random.default_rng(4);u,v=-15.,-10.;LOSS20=[];x=X.numpy().ravel();y=Y.numpy().ravel()
for e in range(10):
    LOSS20.append(((u*x+v-y)**2).mean())
    for k in range(3):
        i=rng.choice(60,20,replace=False); r=u*x[i]+v-y[i]; u,v=u-.2*(r*x[i]).mean(),v-.2*r.mean()
""",
    ),
    (
        "lab03-batch-20",
        wrong,
        "overlapping",
        twenty(loop="slices").replace("range(0, len(X), 20)", "range(0, len(X), 10)"),
    ),
    (
        "lab03-batch-20",
        wrong,
        "momentum",
        twenty("optimizer").replace("lr=0.1", "lr=0.1, momentum=0.5"),
    ),
    (
        "lab03-batch-20",
        wrong,
        "y not shuffled",
        twenty().replace("torch.split(X, 20)", "X[torch.randperm(60)].split(20)"),
    ),
    (
        "lab03-batch-20",
        wrong,
        "never zeroed shuffled module",
        twenty("module", "shuffled", zero=""),
    ),
    ("lab03-updates", right, "numpy int", COUNT + "return np.int64(-(-n//batch_size))"),
    (
        "lab03-updates",
        right,
        "round up with round",
        COUNT + "return round(n / batch_size + 0.499999)",
    ),
    ("lab03-updates", right, "sum gen", COUNT + "return sum(1 for _ in range(0,n,batch_size))"),
    ("lab03-updates", wrong, "ceil of int div", COUNT + "return math.ceil(n // batch_size)"),
    ("lab03-updates", wrong, "epoch total", COUNT + "return 10*math.ceil(n/batch_size)"),
]


def of(practice_id):
    """The programs for one practice."""
    return [make(name, source) for id_, make, name, source in PROGRAMS if id_ == practice_id]
